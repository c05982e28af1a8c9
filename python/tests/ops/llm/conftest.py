"""A small model and its examples, made once a file."""

from pathlib import Path
from typing import Any

import pytest

from tests.language.tiny import CHATML, chats, json_lines, model_folder


@pytest.fixture(scope="module")
def base(tmp_path_factory: Any) -> Path:
    return model_folder(tmp_path_factory.mktemp("base"), CHATML)


@pytest.fixture(scope="module")
def data(tmp_path_factory: Any) -> str:
    return json_lines(tmp_path_factory.mktemp("data") / "chats.jsonl", chats(40))
