"""ML Engine's Python."""

import os

# Before any library loads ONNX Runtime: since 1.29 it reports its use to its maker unless told otherwise.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
