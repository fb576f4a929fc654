"""A Hub that answers only who shows the token: it stands before the project's local one."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "hf_" + "Secret123" * 4


@contextmanager
def token_gate(hub: str, *, says_private: bool = True) -> Iterator[str]:
    class Gate(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                return self._answer(401, b"{}", {"X-Error-Code": "RepoNotFound", "Content-Length": "2"})
            try:
                with urllib.request.urlopen(self._asked()) as answer:  # noqa: S310  A local address.
                    status, content, headers = answer.status, answer.read(), dict(answer.headers)
            except urllib.error.HTTPError as error:
                status, content, headers = error.code, error.read(), dict(error.headers)
            if says_private:
                content = content.replace(b'"private": false', b'"private": true')
            kept = {
                name: value for name, value in headers.items() if name.lower().startswith(("x-", "etag", "content-t"))
            }
            length = headers["Content-Length"] if self.command == "HEAD" else str(len(content))
            return self._answer(status, content, kept | {"Content-Length": length})

        do_HEAD = do_POST = do_GET  # noqa: N815  As http.server looks for them.

        def _asked(self) -> urllib.request.Request:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            kinds = {"Content-Type": self.headers.get("Content-Type", "text/plain")}
            return urllib.request.Request(f"{hub}{self.path}", body or None, kinds, method=self.command)  # noqa: S310

        def _answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            """Nothing: the test says what matters."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Gate)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
