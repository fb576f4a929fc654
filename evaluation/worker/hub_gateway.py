"""The only way out of the sandbox: to the Hub, and nowhere else.

The worker holds a `Gateway`, a proxy for HTTP that listens on a socket in the folder of the evaluating process and
connects to hosts of the Hub only. Inside, where there is no network, `forward_from_loopback` lends it a port, since
HTTP libraries speak to proxies over TCP. No Django here.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import socketserver
import threading
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path
from urllib.parse import urlsplit

HUB_HOSTS = ("huggingface.co:443", "*.huggingface.co:443", "hf.co:443", "*.hf.co:443")
LARGEST_HEAD = 64 * 1024
CHUNK = 1 << 16
CONNECT_SECONDS = 30


def allowed_hosts(endpoint: str, more: Sequence[str] = ()) -> list[str]:
    """Patterns `host:port`: the Hub's own, those of the operator, and the endpoint that this board uses."""
    address = urlsplit(endpoint)
    port = address.port or (80 if address.scheme == "http" else 443)
    return [*HUB_HOSTS, *more, f"{address.hostname}:{port}"]


class Gateway:
    """Serves until it is closed. `path` is the socket, at most 100 bytes long."""

    def __init__(self, path: Path, hosts: Sequence[str]) -> None:
        self._server = _Server(str(path), _Handler)
        self._server.hosts = hosts
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    block_on_close = False
    hosts: Sequence[str]

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that broke is the client's affair: it asks again."""


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        head, rest = _read_head(self.request)
        request_line, _, headers = head.partition(b"\r\n")
        parts = request_line.decode("latin-1").split(" ")
        if len(parts) != 3:
            return self._refuse("400 Bad Request", "This is no request.")
        method, target, version = parts
        address = urlsplit(f"//{target}" if method == "CONNECT" else target)
        try:
            host, port = address.hostname or "", address.port or 80
        except ValueError:
            return self._refuse("400 Bad Request", "This is no address.")
        if not any(fnmatch(f"{host}:{port}", pattern) for pattern in self.server.hosts):  # type: ignore[attr-defined]
            return self._refuse("403 Forbidden", f"An evaluation reaches the Hub only, not {host}.")
        try:
            other = socket.create_connection((host, port), CONNECT_SECONDS)
        except OSError as error:
            return self._refuse("502 Bad Gateway", f"{host} does not answer: {error}")
        with other:
            if method == "CONNECT":
                self.request.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            else:
                path = address._replace(scheme="", netloc="").geturl() or "/"
                other.sendall(f"{method} {path} {version}\r\n".encode("latin-1") + _for_one_request(headers))
            other.sendall(rest)
            join(self.request, other)
        return None

    def _refuse(self, status: str, sentence: str) -> None:
        body = sentence.encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        self.request.sendall(f"{head}Connection: close\r\n\r\n".encode() + body)


def _read_head(connection: socket.socket) -> tuple[bytes, bytes]:
    """The head of a request, and what came after it."""
    data = b""
    while b"\r\n\r\n" not in data and len(data) < LARGEST_HEAD:
        more = connection.recv(CHUNK)
        if not more:
            break
        data += more
    head, _, rest = data.partition(b"\r\n\r\n")
    return head, rest


def _for_one_request(headers: bytes) -> bytes:
    """Each request comes over a connection of its own, so that each one's host is looked at."""
    kept = [
        line
        for line in headers.split(b"\r\n")
        if line and not line.lower().startswith((b"connection:", b"proxy-", b"keep-alive:"))
    ]
    return b"\r\n".join([*kept, b"Connection: close", b"", b""])


def join(one: socket.socket, other: socket.socket) -> None:
    """Pass bytes on in both directions until one side ends."""
    ends = {one: other, other: one}
    with selectors.DefaultSelector() as selector, contextlib.suppress(OSError):
        for end in ends:
            end.settimeout(None)
            selector.register(end, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                source = key.fileobj
                assert isinstance(source, socket.socket)  # noqa: S101  Only sockets were registered.
                data = source.recv(CHUNK)
                if not data:
                    return
                ends[source].sendall(data)


def forward_from_loopback(path: Path) -> int:
    """A port of this namespace's loopback behind which the gateway is."""
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_accept, args=(listener, path), daemon=True).start()
    return int(listener.getsockname()[1])


def _accept(listener: socket.socket, path: Path) -> None:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=_forward, args=(client, path), daemon=True).start()


def _forward(client: socket.socket, path: Path) -> None:
    with client, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as gateway, contextlib.suppress(OSError):
        gateway.connect(str(path))
        join(client, gateway)
