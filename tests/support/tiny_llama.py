"""Writes the tiny Llama of the Python tests: `python tiny_llama.py FOLDER`."""

import sys
from pathlib import Path

from tests.language.tiny_llama import write_tiny

write_tiny(Path(sys.argv[1]), template=True)
