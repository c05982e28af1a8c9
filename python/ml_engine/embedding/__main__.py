"""`python -m ml_engine.embedding WEIGHTS FOLDER`: makes an embedder, and one of 8-bit integers (`FOLDER-int8`)."""

import sys
from pathlib import Path

from ml_engine.embedding.embedder import write_embedders

write_embedders(Path(sys.argv[1]), Path(sys.argv[2]))
