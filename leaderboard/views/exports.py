"""Views as files, the results of a model as a zip, and the page of the full dump."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_safe

from leaderboard.exports.dump import dumps_folder, latest_dump
from leaderboard.exports.model_archive import archived_results, model_archive
from leaderboard.exports.responses import attachment, file_stem
from leaderboard.exports.sheets import FORMATS, Sheet, sheet_response
from leaderboard.exports.streams import CHUNK_BYTES
from leaderboard.freshness import page_etag, until_data_changes
from leaderboard.models import ModelMeta
from leaderboard.views.addresses import named, scope_of

PARAMETER = "format"
CONTENT_TYPES = {
    ".parquet": "application/vnd.apache.parquet",
    ".json": "application/json",
    ".md": "text/markdown; charset=utf-8",
}
# A file holds all rows of a view, on whatever page it was asked for.
_PAGING = ("page", "per_page", PARAMETER)


class UnknownFormat(BadRequest):
    """The address asks for a format that there is not."""


def wanted_format(request: HttpRequest) -> str | None:
    """The format that the address asks for; None for the page itself. Raises UnknownFormat."""
    asked = request.GET.get(PARAMETER)
    if asked is not None and asked not in FORMATS:
        raise UnknownFormat(asked)
    return asked


def exported(request: HttpRequest, sheet: Callable[[], Sheet]) -> HttpResponseBase | None:
    """The view as a file if the address asks for one, else None; a page that lists the formats for an unknown one.

    A page calls this before it draws itself: `if answer := exported(request, lambda: model_sheet(...)): return answer`.
    """
    try:
        wanted = wanted_format(request)
    except UnknownFormat:
        context = {"export_addresses": export_addresses(request), "address": _address(request, None)}
        return render(request, "leaderboard/unknown_format.html", context, status=400)
    if wanted is None:
        return None
    return sheet_response(sheet(), wanted)


def export_addresses(request: HttpRequest) -> dict[str, str]:
    """Label -> link of this view in each format, for the partial `_exports.html`."""
    return {chosen.label: _address(request, name) for name, chosen in FORMATS.items()}


def view_address(request: HttpRequest) -> str:
    """The full link of the view that a file shows, for the sheet."""
    return request.build_absolute_uri(_address(request, None))


def _address(request: HttpRequest, wanted: str | None) -> str:
    query = request.GET.copy()
    for name in _PAGING:
        query.pop(name, None)
    if wanted:
        query[PARAMETER] = wanted
    return f"{request.path}?{query.urlencode()}" if query else request.path


@require_safe
@until_data_changes
def model_results(request: HttpRequest, name: str) -> StreamingHttpResponse:
    """The model's results that count, or with `?all=1` every one, as a zip that mteb reads."""
    model_meta = named(ModelMeta, name)
    archived = archived_results(model_meta, scope_of(request), everything=request.GET.get("all") == "1")
    if not archived:
        raise Http404
    file_name = f"{file_stem(model_meta.name)}-results.zip"
    return attachment(model_archive(model_meta, archived), file_name, "application/zip", compressed=True)


def _data_etag(request: HttpRequest) -> str | None:
    """The page changes with the dump, too."""
    tag, dump = page_etag(request), latest_dump(dumps_folder())
    return f'{tag[:-1]}-{dump.name if dump else ""}"' if tag else None


# Not to be kept by caches that know the data version only.
@require_safe
@cache_control(private=True, no_cache=True)
@condition(etag_func=_data_etag)
def data(request: HttpRequest) -> HttpResponse:
    """The files of the latest dump, and what else can be taken along."""
    return render(request, "leaderboard/data.html", {"dump": latest_dump(dumps_folder()), "formats": FORMATS.values()})


@require_safe
@cache_control(public=True, no_cache=True)
def dump_file(request: HttpRequest, name: str) -> HttpResponseBase:
    """A file of the latest dump."""
    dump = latest_dump(dumps_folder())
    path = dump.path_of(name) if dump else None
    if dump is None or path is None:
        raise Http404
    tag, made_at = f'"{dump.name}-{name}"', int(dump.made_at.timestamp())
    response = get_conditional_response(request, tag, made_at) or _download(path)
    response["ETag"] = tag
    response["Last-Modified"] = http_date(made_at)
    return response


def _download(path: Path) -> StreamingHttpResponse:
    response = attachment(_read(path), path.name, CONTENT_TYPES[path.suffix], compressed=True)
    response["Content-Length"] = str(path.stat().st_size)
    return response


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
