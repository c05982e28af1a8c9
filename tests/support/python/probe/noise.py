import os
import subprocess
import sys
from typing import Any

from ml_engine.job import Job


def noise(params: dict[str, Any], job: Job) -> dict[str, Any]:
    print('{"type":"result","result":"a lie"}')
    os.write(1, b"raw bytes on stdout\n")
    subprocess.run([sys.executable, "-c", "print('a child speaks')"], check=True)
    return {"stdin": sys.stdin.read(), "folder": os.getcwd()}
