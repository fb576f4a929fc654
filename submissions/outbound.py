"""Requests to addresses that strangers chose: checked where the connection is made, signed, and over soon.

The name is resolved once and the connection goes to the address that was checked, so that a name which resolves to
something else a moment later gains nothing. Redirects are not followed, proxies of the surroundings are not used.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import httpcore2

TIMEOUT_SECONDS = 5.0
"""For everything: connecting, sending, and the head of the answer, whose body is not read."""
SIGNATURE = "Podium-Signature"
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


class DeliveryFailed(Exception):
    """It did not arrive; the message is a sentence for whoever gave the address."""


class AddressRefused(DeliveryFailed):
    """Nothing was sent: the address is none that this board sends to."""


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """The header's value: `t=<seconds>,v1=<HMAC-SHA256 over "<seconds>.<body>" as hex>`."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def check_url(url: str, *, allow_private: bool, allow_http: bool) -> None:
    """Refuse what can be refused without resolving the name."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressRefused("This is no address.") from None
    if parts.scheme not in ({"https", "http"} if allow_http else {"https"}):
        raise AddressRefused("The address has to begin with https://.")
    if not parts.hostname or port == 0:
        raise AddressRefused("The address names no host.")
    if parts.username is not None or parts.password is not None:
        raise AddressRefused("The address must not hold a name or a password.")
    if not allow_private and parts.hostname.lower().rstrip(".").endswith((".local", ".internal", "localhost")):
        raise AddressRefused("The address leads into a private network.")


def is_public(address: str) -> bool:
    """Whether the address is one of the internet, in whatever way it is written."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if inner := ip.ipv4_mapped or ip.sixtofour:
            return is_public(str(inner))
        if ip in _TRANSLATED or ip.teredo is not None:
            return False
    return ip.is_global and not ip.is_multicast


def post(url: str, body: bytes, headers: dict[str, str], *, allow_private: bool, allow_http: bool) -> int:
    """Send the body and say with which status it was answered; DeliveryFailed where it did not get that far."""
    check_url(url, allow_private=allow_private, allow_http=allow_http)
    deadline = time.monotonic() + TIMEOUT_SECONDS
    backend = _CheckedBackend(deadline, allow_private=allow_private)
    sent = [("Host", urlsplit(url).netloc), *headers.items()]
    try:
        with (
            httpcore2.ConnectionPool(ssl_context=ssl.create_default_context(), network_backend=backend) as pool,
            pool.stream("POST", url, headers=sent, content=body) as response,
        ):
            return response.status
    except httpcore2.TimeoutException:
        raise DeliveryFailed(f"No answer within {TIMEOUT_SECONDS:g} seconds.") from None
    except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.UnsupportedProtocol, ValueError) as error:
        raise DeliveryFailed(f"The connection failed: {error}") from None


class _CheckedBackend(httpcore2.SyncBackend):
    """Connects to public addresses only, and lets nothing go on after the deadline."""

    def __init__(self, deadline: float, *, allow_private: bool) -> None:
        super().__init__()
        self._deadline = deadline
        self._allow_private = allow_private

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        address = self._checked(host.strip("[]"), port)
        stream = super().connect_tcp(address, port, _left(self._deadline), local_address, socket_options)
        return _HurriedStream(stream, self._deadline)

    def _checked(self, host: str, port: int) -> str:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise DeliveryFailed(f"The name {host} cannot be resolved.") from None
        addresses = [str(entry[4][0]) for entry in found]
        if not self._allow_private and not all(map(is_public, addresses)):
            raise AddressRefused(f"{host} leads into a private network.")
        return addresses[0]


class _HurriedStream(httpcore2.NetworkStream):
    """Each step may take what is left until the deadline, so that many slow steps take no longer than one."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline))
        return _HurriedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout("The time is up.")
    return left
