"""Requests to addresses that strangers chose, against a real server and real sockets."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from submissions import outbound
from submissions.outbound import AddressRefused, DeliveryFailed, check_url, is_public, post, signature
from tests.factories_webhooks import receiving


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.5.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:127.0.0.1",
        "2002:7f00:1::",
        "64:ff9b::7f00:1",
        "ff02::1",
    ],
)
def test_addresses_that_are_not_of_the_internet_are_known_however_they_are_written(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://example.org/", "has to begin with https://"),
        ("ftp://example.org/", "has to begin with https://"),
        ("https:///path", "names no host"),
        ("https://user:word@example.org/", "must not hold a name"),
        ("https://localhost/", "private network"),
        ("https://printer.local/", "private network"),
        ("https://example.org:99999/", "no address"),
        ("hello", "has to begin with https://"),
    ],
)
def test_addresses_are_refused_before_anything_is_resolved(url: str, sentence: str) -> None:
    with pytest.raises(AddressRefused, match=sentence):
        check_url(url, allow_private=False, allow_http=False)


def test_a_message_arrives_as_it_was_signed() -> None:
    with receiving() as receiver:
        status = post(f"{receiver.url}?a=1", b'{"a": 1}', {"X-Test": "yes"}, allow_private=True, allow_http=True)
    assert status == 200
    (request,) = receiver.requests
    assert (request.path, request.body, request.headers["X-Test"]) == ("/hook?a=1", b'{"a": 1}', "yes")
    assert request.headers["Host"] == receiver.url.split("/")[2]


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "0x7f000001", "2130706433", "127.1"])
def test_nothing_is_sent_into_a_private_network(host: str) -> None:
    with receiving() as receiver:
        url = f"http://{host}:{receiver.url.split(':')[2]}"
        with pytest.raises(DeliveryFailed):
            post(url, b"{}", {}, allow_private=False, allow_http=True)
    assert receiver.requests == []


def test_the_address_that_was_checked_is_the_one_that_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that resolves to a public address first and to a private one after that is asked only once."""
    asked: list[str] = []

    def resolve(host: str, port: int, *args: object, **options: object) -> list[object]:
        if host == "rebinding.example":
            asked.append(host)
            address = "127.0.0.1" if len(asked) == 1 else "10.0.0.1"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]
        return real(host, port, *args, **options)  # type: ignore[arg-type, return-value]

    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with receiving() as receiver:
        port = receiver.url.split(":")[2].partition("/")[0]
        url = f"http://rebinding.example:{port}/hook"
        assert post(url, b"{}", {}, allow_private=True, allow_http=True) == 200
        assert receiver.requests[0].headers["Host"] == f"rebinding.example:{port}"
        assert asked == ["rebinding.example"]
        with pytest.raises(AddressRefused, match="private network"):
            post(url, b"{}", {}, allow_private=False, allow_http=True)


def test_redirects_are_not_followed() -> None:
    with receiving(status=302, headers={"Location": "/elsewhere"}) as receiver:
        assert post(receiver.url, b"{}", {}, allow_private=True, allow_http=True) == 302
    assert [request.path for request in receiver.requests] == ["/hook"]


def test_an_answer_that_drips_does_not_hold_the_worker_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "TIMEOUT_SECONDS", 0.6)
    begun = time.monotonic()
    with dripping() as url, pytest.raises(DeliveryFailed, match="No answer within"):
        post(url, b"{}", {}, allow_private=True, allow_http=True)
    assert time.monotonic() - begun < 3


def test_a_port_where_nobody_listens_and_a_name_that_is_none_are_told_apart() -> None:
    with pytest.raises(DeliveryFailed, match="The connection failed"):
        post("http://127.0.0.1:1/", b"{}", {}, allow_private=True, allow_http=True)
    with pytest.raises(DeliveryFailed, match=r"The name nowhere\.invalid cannot be resolved"):
        post("http://nowhere.invalid/", b"{}", {}, allow_private=True, allow_http=True)


def test_the_signature_is_the_documented_one() -> None:
    # printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac whsec_test
    assert signature("whsec_test", 1700000000, b'{"a":1}') == (
        "t=1700000000,v1=38877139021993b830af32feea6e18a8da83eb2f6e49ee50bd9e4cf4ca4d3789"
    )


@contextmanager
def dripping() -> Iterator[str]:
    """A server that sends a byte of a header now and then."""
    stopped = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
                while not stopped.wait(0.1):
                    try:
                        connection.sendall(b"x")
                    except OSError:
                        return

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        stopped.set()
        thread.join()
