"""The only way out of the sandbox."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from evaluation.worker.hub_gateway import Gateway, allowed_hosts, forward_from_loopback


class Hub(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = f"{self.path} {self.headers['Host']} {self.headers['Connection']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  As in http.server.
        pass


@pytest.fixture
def hub() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def ask(tmp_path: Path, hub: int) -> Iterator[urllib.request.OpenerDirector]:
    """A client that knows no other way than through the gateway."""
    gateway = Gateway(tmp_path / "hub.sock", allowed_hosts(f"http://127.0.0.1:{hub}"))
    proxy = f"http://127.0.0.1:{forward_from_loopback(tmp_path / 'hub.sock')}"
    yield urllib.request.build_opener(urllib.request.ProxyHandler({"http": proxy, "https": proxy}))
    gateway.close()


def test_the_hub_is_reached_with_one_request_per_connection(ask: urllib.request.OpenerDirector, hub: int) -> None:
    with ask.open(f"http://127.0.0.1:{hub}/api/models?full=1", timeout=10) as answer:
        assert answer.read().decode() == f"/api/models?full=1 127.0.0.1:{hub} close"


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1/", "http://example.com/", "http://huggingface.co.example.com/"]
)
def test_everything_else_is_refused_in_words(ask: urllib.request.OpenerDirector, address: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask.open(address, timeout=10)
    with refused.value as answer:
        assert answer.code == 403
        assert answer.read().startswith(b"An evaluation reaches the Hub only, not ")


def test_a_tunnel_goes_to_the_hub_only(ask: urllib.request.OpenerDirector) -> None:
    with pytest.raises(urllib.error.URLError, match="403"):
        ask.open("https://example.com/", timeout=10)


def test_the_operator_may_name_more_hosts() -> None:
    hosts = allowed_hosts("https://hub.example", ["mirror.example:8443"])
    assert {"hub.example:443", "mirror.example:8443", "*.hf.co:443"} <= set(hosts)
