"""A server on this machine that says what its script says, byte for byte."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

DROP = b""
"""In a script: close the connection instead of an answer."""
SILENCE = None
"""In a script: say nothing."""


def http(body: bytes = b"[]", status: str = "200 OK", *headers: str) -> bytes:
    """A whole HTTP answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Loopback:
    """Answers the n-th request with the n-th line of its script, the last line for ever."""

    def __init__(self, *script: bytes | None) -> None:
        self._script = list(script)
        self.requests: list[bytes] = []
        self.connections = 0
        self._over = Event()
        self._tls: ssl.SSLContext | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def encrypt(self, certificate: Path) -> None:
        """Speak TLS from now on, with this certificate."""
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate)
        self.url = self.url.replace("http:", "https:")

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            Thread(target=self._talk, args=(connection,), daemon=True).start()

    def stop(self) -> None:
        self._over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _talk(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            if self._tls is None:
                self._answer(connection)
            else:
                with self._tls.wrap_socket(connection, server_side=True) as line:
                    self._answer(line)

    def _answer(self, connection: socket.socket) -> None:
        heard = b""
        while more := connection.recv(65536):
            heard += more
            head, end, body = heard.partition(b"\r\n\r\n")
            if not end or len(body) < self._length(head):
                continue
            self.requests.append(heard)
            heard = b""
            line = self._script.pop(0) if len(self._script) > 1 else self._script[0]
            if line is SILENCE:
                self._over.wait(5)
                return
            if line == DROP:
                return
            connection.sendall(line)

    @staticmethod
    def _length(head: bytes) -> int:
        lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        return int(lengths[0]) if lengths else 0


@contextmanager
def loopback(*script: bytes | None) -> Iterator[Loopback]:
    """Serve a script from a thread."""
    server = Loopback(*(script or (http(),)))
    thread = Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()


def closed_port() -> str:
    """An address of this machine where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as once:
        return f"http://127.0.0.1:{once.getsockname()[1]}"
