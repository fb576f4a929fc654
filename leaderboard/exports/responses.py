"""Downloads that are sent while they are made."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.text import slugify

_LONGEST_STEM = 100


def attachment(
    chunks: Iterable[bytes], file_name: str, content_type: str, *, compressed: bool = False
) -> StreamingHttpResponse:
    """The chunks as a download. What is compressed in itself is not compressed once more on the way."""
    response = StreamingHttpResponse(chunks, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=file_name)
    if compressed:
        keep_as_it_is(response)
    return response


def keep_as_it_is(response: StreamingHttpResponse) -> None:
    """Keep the middleware that compresses answers away from this one."""
    response["Content-Encoding"] = "identity"


def file_stem(name: str) -> str:
    """A name that every file system takes: "BAAI/bge-m3" is baai-bge-m3."""
    return slugify(name.replace("/", "-").replace(".", "-"))[:_LONGEST_STEM] or "podium"
