"""Find files and read them as documents."""

from pathlib import Path

from ml_engine.contract.rag import IngestFailure, IngestParams, IngestResult, ReadDocument
from ml_engine.documents.found import found, hashed
from ml_engine.documents.reading import read_document
from ml_engine.errors import OpError
from ml_engine.job import Job


def ingest(params: IngestParams, job: Job) -> IngestResult:
    """Lists files, or reads some; one that cannot be read is a failure of its own."""
    if params["step"] == "list":
        files, failures = found(params["sources"])
        return {"files": files, "documents": [], "failures": failures, "model": ""}
    if params["step"] == "model":
        from ml_engine.embedding.embedder import kept_embedder

        model = kept_embedder(Path(params["sources"][0]), Path(params["target"]))
        return {"files": [], "documents": [], "failures": [], "model": model}
    documents: list[ReadDocument] = []
    failures: list[IngestFailure] = []
    folder = job.folder / "texts"
    folder.mkdir(parents=True, exist_ok=True)
    for number, file in enumerate(params["files"]):
        path = Path(file["path"])
        try:
            document = read_document(path)
            if not document.text.strip():
                raise OpError("invalid_input", "It has no text.")
            if hashed(path) != file["hash"]:
                raise OpError("conflict", "It changed while it was read.", "Ingest it again.")
        except OpError as error:
            failures.append({"document": file["id"], "error": " ".join(filter(None, [error.message, error.hint]))})
            continue
        except OSError as error:
            failures.append({"document": file["id"], "error": f"It cannot be read: {error.strerror or error}."})
            continue
        except MemoryError:
            failures.append({"document": file["id"], "error": "It does not fit into memory: split it."})
            continue
        except Exception as error:  # noqa: BLE001 a reader's flaw is that file's failure, never the batch's
            failures.append({"document": file["id"], "error": f"Its reader failed ({type(error).__name__}: {error})."})
            continue
        text_file = folder / f"{number}.txt"
        text_file.write_text(document.text, encoding="utf-8", newline="")
        documents.append(
            {
                "file": file,
                "title": document.title,
                "media_type": document.media_type,
                "text_file": str(text_file),
                "marks": document.marks,
                "warnings": document.warnings,
            }
        )
    return {"files": [], "documents": documents, "failures": failures, "model": ""}
