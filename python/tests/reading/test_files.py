"""Compressed files, folders of partitions, and files that others write to."""

import bz2
import gzip
import zipfile
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from pyarrow import orc

from ml_engine.errors import OpError
from ml_engine.reading.growth import Watched
from tests.reading.sources import read, written

TEXT = "id,city\n1,Oslo\n2,Bergen\n"
ROWS = [(1, "Oslo"), (2, "Bergen")]


def packed(folder: Path, ending: str, content: bytes = TEXT.encode(), name: str = "t.csv") -> Path:
    path = folder / f"{name}{ending}"
    if ending == ".gz":
        path.write_bytes(gzip.compress(content))
    elif ending == ".bz2":
        path.write_bytes(bz2.compress(content))
    elif ending == ".zst":
        with pa.CompressedOutputStream(str(path), "zstd") as out:
            out.write(content)
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)
            archive.writestr("__MACOSX/._t.csv", b"\0")
    return path


@pytest.mark.parametrize("ending", [".gz", ".zst", ".bz2", ".zip"])
def test_compressed(tmp_path: Path, ending: str) -> None:
    found = read(packed(tmp_path, ending))
    assert found.frame.rows() == ROWS
    assert found.hash == read(written(tmp_path, TEXT)).hash
    jsonl = packed(tmp_path, ending, b'{"id":1}\n', "t.jsonl")
    assert (read(jsonl).format, read(jsonl).frame.rows()) == ("jsonl", [(1,)])


@pytest.mark.parametrize("ending", [".gz", ".zst", ".bz2", ".zip"])
def test_a_bomb_is_not_unpacked(tmp_path: Path, ending: str) -> None:
    bomb = packed(tmp_path, ending, b"a\n" + b"0" * (1 << 27))
    assert bomb.stat().st_size < 1 << 18
    with pytest.raises(OpError, match="zip bomb"):
        read(bomb)


@pytest.mark.parametrize("ending", [".gz", ".zst", ".bz2"])
def test_a_damaged_archive(tmp_path: Path, ending: str) -> None:
    path = packed(tmp_path, ending, TEXT.encode() * 1000)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(OpError, match="is damaged: it cannot be unpacked"):
        read(path)


def test_a_zip_with_two_tables(tmp_path: Path) -> None:
    path = tmp_path / "two.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", TEXT)
        archive.writestr("b.csv", TEXT)
    with pytest.raises(OpError, match=r"`two.zip` holds 2 files \(a.csv, b.csv\), not one table"):
        read(path)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_folders_of_partitions(tmp_path: Path, kind: str) -> None:
    root = tmp_path / "sales"
    for year, city in ((2020, "Oslo"), (2021, "S%C3%B8r"), (2021, "__HIVE_DEFAULT_PARTITION__")):
        folder = root / f"year={year}" / f"city={city}"
        folder.mkdir(parents=True)
        frame = pl.DataFrame({"n": [year, 1]})
        if kind == "csv":
            frame.write_csv(folder / "part.csv")
        else:
            frame.write_parquet(folder / "part.parquet")
    for source in (root, root / "**" / f"*.{kind}"):
        found = read(source)
        assert found.files == 3
        assert found.frame.schema == {"n": pl.Int64, "year": pl.Int64, "city": pl.String}
        assert sorted(found.frame.rows(), key=str) == sorted(
            [
                (2020, 2020, "Oslo"),
                (1, 2020, "Oslo"),
                (2021, 2021, "Sør"),
                (1, 2021, "Sør"),
                (2021, 2021, None),
                (1, 2021, None),
            ],
            key=str,
        )
    assert read(root / "year=2020" / "city=Oslo" / f"part.{kind}").frame.columns == ["n"]


def test_avro_orc_and_arrow_streams(tmp_path: Path) -> None:
    frame = pl.DataFrame({"id": [1, 2], "city": ["Oslo", "Bergen"]})
    frame.write_avro(tmp_path / "t.avro")
    orc.write_table(frame.to_arrow(compat_level=pl.CompatLevel.oldest()), str(tmp_path / "t.orc"))
    frame.write_ipc_stream(tmp_path / "t.arrows")
    wanted = read(written(tmp_path, TEXT)).hash
    assert {kind: read(tmp_path / f"t.{kind}").hash for kind in ("avro", "orc", "arrows")} == dict.fromkeys(
        ("avro", "orc", "arrows"), wanted
    )


def test_a_file_that_grows_is_read_as_it_was(tmp_path: Path) -> None:
    path = written(tmp_path, TEXT + "3,Tro")
    watched = Watched(path, tmp_path, "source")
    assert not watched.grew
    with path.open("a") as file:
        file.write("msø\n4,Bodø\n")
    assert watched.grew
    assert watched.path.read_text() == TEXT
    assert not watched.grew
    assert watched.warning == (
        "`t.csv` grew while it was read; it was read up to line end at byte 24, what was there at the start."
    )


def test_a_file_that_grows_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "n\n" + "1\n" * 1000)
    look = Watched.grew.fget
    assert look is not None
    looks: list[bool] = []

    def grow_then_look(watched: Watched) -> bool:
        if not looks:
            with path.open("a") as file:
                file.write("2\n" * 1000)
        looks.append(look(watched))
        return looks[-1]

    monkeypatch.setattr(Watched, "grew", property(grow_then_look))
    found = read(path)
    assert looks == [True, False]
    assert found.frame["n"].to_list() == [1] * 1000
    assert "`t.csv` grew while it was read" in found.warnings[0]


def test_a_file_that_becomes_shorter(tmp_path: Path) -> None:
    path = written(tmp_path, TEXT)
    watched = Watched(path, tmp_path, "source")
    path.write_text("id\n")
    with pytest.raises(OpError, match="became shorter while it was read"):
        _ = watched.grew
