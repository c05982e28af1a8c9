# How the server and a Python worker talk: one JSON object a line over a Unix socket that the server listens on and
# every worker connects to. A worker opens with `hello` and is sent one `call`; it answers with any number of
# `progress`, `metrics`, `params` and `decision` and exactly one `result` or `error`, then leaves. The zygote opens with
# `zygote` and is sent `fork`s; each makes a worker, and the zygote says `exited` when that worker ends. A closed socket
# is an end.
# The TypeScript half is src/runtime/protocol.ts. Change both in one commit and raise PROTOCOL.
"""The wire between the server and a worker; twin of src/runtime/protocol.ts."""

import json
import socket
from typing import Any, Literal, TypedDict

PROTOCOL = 2


class Limits(TypedDict):
    """What one call may use; zero means no limit."""

    memory_bytes: int
    cpu_seconds: int
    file_bytes: int
    open_files: int


class Call(TypedDict):
    """One op to run. A detached call outlives the server and leaves its messages and result in `folder`."""

    type: Literal["call"]
    op: str
    params: dict[str, Any]
    folder: str
    artifacts: str
    checkpoints: str
    """Where the call keeps what it can go on from after being killed."""
    detached: bool
    limits: Limits


class Fork(TypedDict):
    """`op` is what the worker will be asked for, whose libraries are imported first; None where nothing will be."""

    type: Literal["fork"]
    id: str
    op: str | None


class Channel:
    """JSON lines over one socket."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(path)
        self._buffer = bytearray()

    def send(self, message: dict[str, Any]) -> None:
        """Writes one message.

        Raises:
            ValueError: the message has NaN or an infinity, which JSON has not.
            OSError: nobody listens any more.
        """
        self.send_line(encode(message))

    def send_line(self, line: bytes) -> None:
        """Writes one message already encoded."""
        self._socket.sendall(line)

    def receive(self) -> dict[str, Any] | None:
        """The next message, waiting for it; None at the end."""
        while (end := self._buffer.find(b"\n")) < 0:
            chunk = self._socket.recv(1 << 16)
            if not chunk:
                return None
            self._buffer += chunk
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return json.loads(line)

    @property
    def pending(self) -> bool:
        """Whether a whole message lies here already, so that waiting on the socket would be in vain."""
        return b"\n" in self._buffer

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()


def encode(message: dict[str, Any]) -> bytes:
    """One line of JSON. Raises ValueError on NaN and infinities."""
    return json.dumps(message, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
