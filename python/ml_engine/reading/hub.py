"""Brings the files of a Hugging Face dataset into a folder, through the Hub's HTTP API."""

import ipaddress
import json
import os
import re
import shutil
import socket
from fnmatch import fnmatchcase
from http.client import HTTPException
from pathlib import Path
from typing import Any, NamedTuple, cast
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

from ml_engine.errors import OpError
from ml_engine.reading.files import COMPRESSED, DESCRIPTIONS, READABLE, SUFFIXES

PREFIX = "hf://datasets/"
ENDPOINT = "https://huggingface.co"
SECONDS = 30
MOST_PAGES = 200
KINDS_FIRST = ("parquet", "arrow", "jsonl", "csv", "json")
"""Where a dataset holds files of several kinds, the first of these that there is."""


class Brought(NamedTuple):
    """Local files of a dataset as a source, and what was chosen of it."""

    source: str
    warnings: list[str]


def is_hub(source: str) -> bool:
    """Whether `source` names a dataset on the Hub."""
    return source.startswith(PREFIX)


def bring_from_hub(source: str, folder: Path, field: str) -> Brought:
    """Copies `hf://datasets/owner/name[@revision][/file, folder or glob]` into `folder`.

    Without a path the `train` split is read where there is one, else every data file.

    Raises:
        OpError: the Hub cannot be reached, there is no such dataset or file, or it needs a token (HF_TOKEN).
    """
    owner, name, revision, path = _address(source, field)
    endpoint = os.environ.get("HF_ENDPOINT", ENDPOINT).rstrip("/")
    hub = _Hub(endpoint, field, f"{owner}/{name}")
    listed = hub.files(
        f"{endpoint}/api/datasets/{quote(owner)}/{quote(name)}/tree/{quote(revision, safe='')}?recursive=true"
    )
    chosen, warnings = _choose(list(listed), path)
    if not chosen:
        what = f"no `{path}`" if path else "no data file"
        raise OpError("not_found", f"{field}: {owner}/{name} has {what}", f"Readable: {READABLE}.")
    room = int(shutil.disk_usage(folder).free * 0.9)
    if sum(listed[file] for file in chosen) > room:
        raise OpError(
            "failed", f"{field}: more to fetch than the {room >> 20} MB of disk there are", "Name fewer files."
        )
    base = folder / owner / name
    for file in chosen:
        target = base / file
        target.parent.mkdir(parents=True, exist_ok=True)
        where = f"{endpoint}/datasets/{quote(owner)}/{quote(name)}/resolve/{quote(revision, safe='')}/{quote(file)}"
        hub.fetch(where, target)
    only = base / chosen[0]
    return Brought(str(only if len(chosen) == 1 else base / "**" / f"*{only.suffix}"), warnings)


def _address(source: str, field: str) -> tuple[str, str, str, str]:
    found = re.fullmatch(r"hf://datasets/([\w.-]+)/([\w.-]+)(?:@([\w./-]+?))?(?:/(.+))?", source)
    if found is None:
        raise OpError("invalid_input", f"{field}: no dataset on the Hub", "hf://datasets/owner/name[@revision][/file]")
    owner, name, revision, path = found.groups()
    if ".." in (path or "").split("/"):
        raise OpError("invalid_input", f"{field}: a path on the Hub has no `..`", "Name a file of the dataset.")
    return owner, name, revision or "main", (path or "").strip("/")


def _choose(files: list[str], path: str) -> tuple[list[str], list[str]]:
    if path:
        inside = [file for file in files if file == path or file.startswith(f"{path}/") or fnmatchcase(file, path)]
        return sorted(file for file in inside if file == path or _kind(file)), []
    data = [file for file in files if _kind(file)]
    kind = next((kind for kind in KINDS_FIRST if any(_kind(file) == kind for file in data)), None)
    data = sorted(file for file in data if kind is None or _kind(file) == kind)
    train = [file for file in data if re.search(r"(^|[^a-z])train([^a-z]|$)", file.casefold())]
    if train and len(train) < len(data):
        return train, [f"Read the split `train`: {len(train)} of {len(data)} files. Name another after the dataset."]
    return data, []


def _kind(file: str) -> str | None:
    name = Path(file)
    plain = Path(name.stem) if name.suffix.lower() in COMPRESSED else name
    if name.name.startswith((".", "_")) or name.name in DESCRIPTIONS:
        return None
    return SUFFIXES.get(plain.suffix.lower()) if plain.suffix.lower() != ".txt" else None


class _Hub:
    def __init__(self, endpoint: str, field: str, dataset: str) -> None:
        self._field = field
        self._dataset = dataset
        self._host = urlsplit(endpoint).netloc
        self._opener: OpenerDirector = build_opener(_Redirects(self._host, field))

    def files(self, url: str) -> dict[str, int]:
        """Every file of the dataset and its bytes; the API answers in pages, each with a link to the next."""
        found: dict[str, int] = {}
        for _ in range(MOST_PAGES):
            with self._open(url) as answer:
                for entry in cast(list[dict[str, Any]], json.load(answer)):
                    if entry.get("type") == "file":
                        found[str(entry["path"])] = int(entry.get("size") or 0)
                further = re.search(r'<([^>]+)>;\s*rel="next"', answer.headers.get("Link", ""))
            if further is None:
                break
            url = urljoin(url, further[1])
        return found

    def fetch(self, url: str, target: Path) -> None:
        with self._open(url) as answer, target.open("wb") as out:
            shutil.copyfileobj(answer, out, 1 << 22)

    def _open(self, url: str) -> Any:
        headers = {"User-Agent": "ml-engine"}
        token = os.environ.get("HF_TOKEN")
        if token and urlsplit(url).netloc == self._host:
            headers["Authorization"] = f"Bearer {token}"
        try:
            return self._opener.open(Request(url, headers=headers), timeout=SECONDS)  # noqa: S310 - http(s) by the handler
        except HTTPError as error:
            if error.code in (401, 403, 404):
                raise OpError(
                    "not_found",
                    f"{self._field}: the Hub shows no {self._dataset}, or not to you",
                    "Check the name; a private or gated dataset needs HF_TOKEN in the server's environment.",
                ) from None
            raise OpError("failed", f"{self._field}: the Hub answered {error.code}", "Try again later.") from None
        except (URLError, HTTPException, OSError) as error:
            raise OpError(
                "failed", f"{self._field}: the Hub at {self._host} cannot be reached", "HF_ENDPOINT names a mirror."
            ) from error


class _Redirects(HTTPRedirectHandler):
    """Follows the Hub to where it keeps large files, but not into a private network, and not with the token."""

    def __init__(self, host: str, field: str) -> None:
        self._host = host
        self._field = field

    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Request | None:
        target = urlsplit(newurl)
        if target.scheme not in ("http", "https"):
            raise OpError("refused", f"{self._field}: the Hub leads to {target.scheme}:", "Check HF_ENDPOINT.")
        followed = super().redirect_request(req, fp, code, msg, headers, newurl)
        if target.netloc != self._host:
            _refuse_private(target.hostname or "", self._field)
            if followed is not None:
                followed.remove_header("Authorization")
        return followed


def _refuse_private(host: str, field: str) -> None:
    for *_, address in socket.getaddrinfo(host, None):
        if not ipaddress.ip_address(str(address[0]).partition("%")[0]).is_global:
            raise OpError(
                "refused", f"{field}: the Hub leads to {host}, an address of a private network", "Check HF_ENDPOINT."
            )
