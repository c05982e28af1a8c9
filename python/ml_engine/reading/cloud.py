"""Brings the files of an object store (S3, Google Cloud Storage, Azure) into a folder, by Arrow's own readers."""

import os
import shutil
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa
from pyarrow import fs

from ml_engine.errors import OpError
from ml_engine.reading.files import COMPRESSED, READABLE, SUFFIXES

SCHEMES = ("s3", "gs", "az")
CHUNK_BYTES = 1 << 23
MOST_FILES = 10_000
DISK_KEPT = 0.1


def is_cloud(source: str) -> bool:
    """Whether `source` is an address in an object store."""
    return urlsplit(source).scheme in SCHEMES


def bring(source: str, folder: Path, field: str) -> str:
    """Copies what `source` means, an object, a prefix or a glob, into `folder`; answers it as a local source.

    Raises:
        OpError: nothing is there, it cannot be reached or read with the credentials of the environment, or does not
            fit on the disk.
    """
    address = urlsplit(source)
    key = unquote(f"{address.netloc}{address.path}").strip("/")
    try:
        store = _store(address.scheme)
        found = _objects(store, key, source, field)
        room = int(shutil.disk_usage(folder).free * (1 - DISK_KEPT))
        size = sum(info.size or 0 for info in found)
        if size > room:
            raise OpError(
                "failed", f"{field}: {size >> 20} MB to fetch, and {room >> 20} MB of disk", "Make room, or name fewer."
            )
        for info in found:
            target = folder / info.path
            target.parent.mkdir(parents=True, exist_ok=True)
            with store.open_input_stream(info.path) as stream, target.open("wb") as out:
                while chunk := stream.read(CHUNK_BYTES):
                    out.write(chunk)
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.filename is not None:
            raise
        denied = any(
            word in str(error).casefold() for word in ("access denied", "forbidden", "credential", "unauthorized")
        )
        why = "may not be read with the credentials of the environment" if denied else "cannot be reached"
        raise OpError(
            "failed",
            f"{field}: {address.scheme}://{address.netloc} {why}",
            "Check the address; keys and AWS_ENDPOINT_URL are taken from the server's environment.",
        ) from error
    return str(folder / key)


def _store(scheme: str) -> Any:
    env = os.environ
    if scheme == "gs":
        return fs.GcsFileSystem(anonymous="GOOGLE_APPLICATION_CREDENTIALS" not in env)
    if scheme == "az":
        return fs.AzureFileSystem(
            account_name=env.get("AZURE_STORAGE_ACCOUNT_NAME", env.get("AZURE_STORAGE_ACCOUNT", "")),
            account_key=env.get("AZURE_STORAGE_ACCOUNT_KEY", env.get("AZURE_STORAGE_KEY")),
            sas_token=env.get("AZURE_STORAGE_SAS_TOKEN"),
        )
    endpoint = urlsplit(env.get("AWS_ENDPOINT_URL_S3", env.get("AWS_ENDPOINT_URL", "")))
    return fs.S3FileSystem(
        anonymous="AWS_ACCESS_KEY_ID" not in env and "AWS_PROFILE" not in env,
        region=env.get("AWS_REGION", env.get("AWS_DEFAULT_REGION", "us-east-1")),
        endpoint_override=endpoint.netloc or None,
        scheme=endpoint.scheme or "https",
        connect_timeout=15,
        request_timeout=60,
    )


def _objects(store: Any, key: str, source: str, field: str) -> list[Any]:
    globbed = any(mark in key for mark in "*?[")
    fixed = str(PurePosixPath(*_before_glob(PurePosixPath(key).parts))) if globbed else key
    info = store.get_file_info(fixed)
    if info.type == fs.FileType.File:
        return [info]
    inside = store.get_file_info(fs.FileSelector(fixed, allow_not_found=True, recursive=True))
    found = [
        info
        for info in inside
        if info.type == fs.FileType.File and (_matches(info.path, key) if globbed else _is_data(info.path))
    ]
    if not found:
        raise OpError("not_found", f"{field}: nothing to read at {source.partition('?')[0]}", f"Readable: {READABLE}.")
    if len(found) > MOST_FILES:
        raise OpError("invalid_input", f"{field}: more than {MOST_FILES} objects", "Name a longer prefix or a glob.")
    return found


def _before_glob(parts: tuple[str, ...]) -> list[str]:
    marked = next(index for index, part in enumerate(parts) if any(mark in part for mark in "*?["))
    return list(parts[:marked])


def _matches(path: str, pattern: str) -> bool:
    """As a shell does: `*` stays within a folder, `**` does not."""
    return _parts_match(PurePosixPath(path).parts, PurePosixPath(pattern).parts)


def _parts_match(parts: tuple[str, ...], patterns: tuple[str, ...]) -> bool:
    if not patterns:
        return not parts
    if patterns[0] == "**":
        return any(_parts_match(parts[start:], patterns[1:]) for start in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], patterns[0]) and _parts_match(parts[1:], patterns[1:])


def _is_data(path: str) -> bool:
    name = PurePosixPath(path)
    plain = PurePosixPath(name.stem) if name.suffix.lower() in COMPRESSED else name
    return not name.name.startswith((".", "_")) and plain.suffix.lower() in SUFFIXES
