"""What stands beside an export: a Croissant 1.0 datasheet and a list of checksums."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml_engine.contract.manifest import ColumnSchema
from ml_engine.writing.formats import Format
from ml_engine.writing.publishing import Written

CONFORMS_TO = "http://mlcommons.org/croissant/1.0"
NAMESPACE = "urn:ml-engine:"
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "mle": NAMESPACE,
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
DATA_TYPES = (
    (("Int", "UInt"), "sc:Integer"),
    (("Float",), "sc:Float"),
    (("Boolean",), "sc:Boolean"),
    (("Datetime",), "sc:DateTime"),
    (("Date",), "sc:Date"),
)


@dataclass(frozen=True)
class Described:
    """What the datasheet says of an export."""

    name: str
    version: str
    source_hash: str
    rows: int
    format: Format
    columns: Sequence[ColumnSchema]
    """As they were before the format took them: what a reader restores."""
    guarded: Sequence[str]
    headers: Sequence[str]
    compression: str | None


def datasheet(described: Described, files: Sequence[Written]) -> str:
    """The export as Croissant 1.0 JSON-LD (mlcommons.org, 2024), with what a reader of ours needs under `mle:`."""
    mime = {"gzip": "application/gzip", "zstd": "application/zstd"}.get(described.compression or "")
    text = described.format.name in ("csv", "tsv", "jsonl")
    encoding = mime if mime and text else described.format.mime
    objects: list[dict[str, Any]] = [
        {
            "@type": "cr:FileObject",
            "@id": file.path,
            "name": file.path,
            "contentUrl": file.path,
            "contentSize": f"{file.size_bytes} B",
            "encodingFormat": encoding,
            "sha256": file.sha256,
        }
        for file in files
    ]
    source: dict[str, Any] = {"fileObject": {"@id": files[0].path}} if files else {}
    if len(files) > 1:
        source = {"fileSet": {"@id": "files"}}
        listed = [file.path for file in files]
        objects.append(
            {"@type": "cr:FileSet", "@id": "files", "name": "files", "encodingFormat": encoding, "includes": listed}
        )
    fields = [
        {
            "@type": "cr:Field",
            "@id": f"rows/{column['name']}",
            "name": column["name"],
            "dataType": _data_type(column["dtype"]),
            **({"source": {**source, "extract": {"column": header}}} if files else {}),
            "mle:dtype": column["dtype"],
            "mle:role": column["role"],
            **({"mle:guarded": True} if column["name"] in described.guarded else {}),
        }
        for column, header in zip(described.columns, described.headers, strict=True)
    ]
    sheet = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": described.name,
        "version": described.version,
        "description": f"{described.rows} rows, {len(described.columns)} columns, exported from {described.name}.",
        "distribution": objects,
        "recordSet": [{"@type": "cr:RecordSet", "@id": "rows", "name": "rows", "field": fields}],
        "mle:format": described.format.name,
        "mle:rows": described.rows,
        "mle:sourceSha256": described.source_hash,
    }
    return json.dumps(sheet, ensure_ascii=False, indent=2) + "\n"


def manifest(described: Described, files: Sequence[Written]) -> str:
    """Every file with its SHA-256 and size, and how many rows they hold together."""
    listed = [{"path": file.path, "sha256": file.sha256, "size_bytes": file.size_bytes} for file in files]
    whole = {
        "format": described.format.name,
        "rows": described.rows,
        "columns": len(described.columns),
        "files": listed,
    }
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def _data_type(dtype: str) -> str:
    return next((name for starts, name in DATA_TYPES if dtype.startswith(starts)), "sc:Text")


def sidecar(target: Path, ending: str) -> Path:
    """Where the datasheet or the manifest of an export lies: beside it, under its name and an ending of its own."""
    return target.with_name(target.name + ending)
