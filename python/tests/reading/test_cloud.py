"""Files of an S3-speaking server, and of a Hub-speaking one, both on loopback."""

import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import polars as pl
import pytest
from pyarrow import fs

from ml_engine.errors import OpError
from tests.reading.sources import read

FRAME = pl.DataFrame({"id": [1, 2], "city": ["Oslo", "Bergen"]})


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pytest.MonkeyPatch]:
    server: Any = pytest.importorskip("moto.server", reason="moto, which speaks S3, is not installed")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    running.start()
    host, port = running.get_host_and_port()
    patch = pytest.MonkeyPatch()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
    }.items():
        patch.setenv(name, value)
    store: Any = fs.S3FileSystem(
        access_key="test",
        secret_key="test",  # noqa: S106 - of moto
        endpoint_override=f"{host}:{port}",
        scheme="http",
        allow_bucket_creation=True,
    )
    store.create_dir("shop")
    folder = tmp_path_factory.mktemp("shop")
    FRAME.write_parquet(folder / "t.parquet")
    FRAME.write_csv(folder / "t.csv")
    for key, file in {
        "shop/t.parquet": "t.parquet",
        "shop/parts/year=2020/a.parquet": "t.parquet",
        "shop/parts/year=2021/b.parquet": "t.parquet",
        "shop/text/t.csv": "t.csv",
    }.items():
        with store.open_output_stream(key) as out:
            out.write((folder / file).read_bytes())
    yield patch
    patch.undo()
    running.stop()


@pytest.mark.usefixtures("bucket")
def test_s3() -> None:
    assert read("s3://shop/t.parquet").frame.equals(FRAME)
    assert read("s3://shop/text/t.csv").frame.equals(FRAME)
    parts = read("s3://shop/parts")
    assert parts.files == 2
    assert parts.frame.columns == ["id", "city", "year"]
    assert sorted(parts.frame["year"].unique()) == [2020, 2021]
    assert read("s3://shop/parts/**/*.parquet").hash == parts.hash
    assert read("s3://shop/parts/*/a.parquet").frame["year"].to_list() == [2020, 2020]
    with pytest.raises(OpError, match="nothing to read at s3://shop/nothing"):
        read("s3://shop/nothing")


def test_a_store_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(OpError, match="s3://shop cannot be reached"):
        read("s3://shop/t.parquet")


class Hub(BaseHTTPRequestHandler):
    """The two routes of the Hub's API that reading needs, over a folder; the list comes in pages of two."""

    folder: Path
    tokens: list[str | None]

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        path = unquote(address.path)
        self.tokens.append(self.headers.get("Authorization"))
        if path == "/api/datasets/ada/shop/tree/main":
            self._list(address.query)
        elif path.startswith("/datasets/ada/shop/resolve/main/"):
            self._send((self.folder / path.removeprefix("/datasets/ada/shop/resolve/main/")).read_bytes())
        else:
            self.send_error(404)

    def _list(self, query: str) -> None:
        files = sorted(path for path in self.folder.rglob("*"))
        start = int(query.partition("cursor=")[2] or 0)
        page = [
            {
                "type": "file" if path.is_file() else "directory",
                "path": str(path.relative_to(self.folder)),
                "size": path.stat().st_size,
            }
            for path in files[start : start + 2]
        ]
        more = start + 2 < len(files)
        link = f'<{self.path.partition("?")[0]}?recursive=true&cursor={start + 2}>; rel="next"' if more else None
        self._send(json.dumps(page).encode(), link)

    def _send(self, body: bytes, link: str | None = None) -> None:
        self.send_response(200)
        if link:
            self.send_header("Link", link)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base class
        del format, args


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "dataset"
    (folder / "data").mkdir(parents=True)
    Hub.folder, Hub.tokens = folder, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    yield folder
    server.shutdown()
    server.server_close()


def test_hub(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (hub / "README.md").write_text("# Shop")
    FRAME.write_parquet(hub / "data" / "train-00000-of-00002.parquet")
    FRAME.write_parquet(hub / "data" / "train-00001-of-00002.parquet")
    FRAME.head(1).write_parquet(hub / "data" / "test-00000-of-00001.parquet")
    monkeypatch.setenv("HF_TOKEN", "a-token")
    found = read("hf://datasets/ada/shop")
    assert (found.files, found.frame.height) == (2, 4)
    assert found.warnings == ["Read the split `train`: 2 of 3 files. Name another after the dataset."]
    assert set(Hub.tokens) == {"Bearer a-token"}
    assert read("hf://datasets/ada/shop/data/test-00000-of-00001.parquet").frame.height == 1
    assert read("hf://datasets/ada/shop@main/data").frame.height == 5
    with pytest.raises(OpError, match="shows no ada/nothing, or not to you"):
        read("hf://datasets/ada/nothing")
    with pytest.raises(OpError, match=r"has no `x\.csv`"):
        read("hf://datasets/ada/shop/x.csv")


def test_a_dataset_of_lines_beside_its_card(hub: Path) -> None:
    (hub / "train.jsonl").write_text('{"id": 1}\n{"id": 2}\n')
    (hub / "dataset_infos.json").write_text("{}")
    assert read("hf://datasets/ada/shop").frame["id"].to_list() == [1, 2]


def test_a_local_dataset_folder(tmp_path: Path) -> None:
    # As `datasets.save_to_disk` writes it: an Arrow stream beside its description.
    FRAME.write_ipc_stream(tmp_path / "data-00000-of-00001.arrow")
    (tmp_path / "dataset_info.json").write_text("{}")
    (tmp_path / "state.json").write_text("{}")
    assert read(tmp_path).frame.equals(FRAME)
    folder = tmp_path / "repo"
    (folder / "data").mkdir(parents=True)
    FRAME.write_parquet(folder / "data" / "train-00000-of-00001.parquet")
    assert read(folder).frame.equals(FRAME)
