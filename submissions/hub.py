"""Reads a model's repository on the Hub, with short time limits and errors in plain words.

`huggingface_hub` costs 20 MB and a third of a second, so it is imported where it is used. Reads are anonymous or
with the token of the person who asks, on purpose: with the operator's own token a stranger could look into the
operator's private models.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from django.conf import settings
from django.views.decorators.debug import sensitive_variables

from submissions.snapshot import ModelSnapshot, read_snapshot

if TYPE_CHECKING:
    from huggingface_hub import ModelInfo

ANSWER_SECONDS = 5.0
ALL_ANSWERS_SECONDS = 20.0
LARGEST_SMALL_FILE = 2_000_000

COMMIT = re.compile(r"[0-9a-f]{40}")
MODEL_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)?", re.ASCII)
REVISION = re.compile(r"[\w./-]{1,200}", re.ASCII)


class HubError(Exception):
    """The Hub did not give what was asked. The message is a sentence for the person who asked."""


class ModelNotFound(HubError):
    pass


class ModelClosed(HubError):
    """Private, gated or disabled."""


class RevisionUnknown(HubError):
    pass


class HubUnreachable(HubError):
    """No answer, or none that makes sense. Trying again later may help."""


@sensitive_variables("token")
def read_model(name: str, revision: str = "", *, token: str = "") -> ModelSnapshot:
    """The model at `revision` (branch, tag or commit; empty for the newest), under the name the Hub has for it now.

    Only a `token` of the person who asks opens private and gated models.
    """
    if not MODEL_NAME.fullmatch(name):
        raise ModelNotFound(f"“{name}” is not a model name. Write it as on the Hub: organisation/model.")
    if revision and not REVISION.fullmatch(revision):
        raise RevisionUnknown(f"“{revision}” is not a revision. Give a branch, a tag or a commit, or leave it empty.")
    with _plain_errors(name, revision, has_token=bool(token)):
        return _read_snapshot(_ask(name, revision, token), revision, token)


def read_model_if_changed(name: str, known_commit: str) -> ModelSnapshot | None:
    """The newest state of the model, or None where that is the commit that is known already: one question then."""
    if not MODEL_NAME.fullmatch(name):
        raise ModelNotFound(f"“{name}” is not a model name. Write it as on the Hub: organisation/model.")
    with _plain_errors(name, ""):
        info = _ask(name, "")
        return None if info.sha == known_commit else _read_snapshot(info, "")


@sensitive_variables("token")
def _ask(name: str, revision: str, token: str = "") -> ModelInfo:
    from huggingface_hub import HfApi

    api = HfApi(endpoint=settings.HF_ENDPOINT, token=token or False)
    info = api.model_info(name, revision=revision or None, files_metadata=True, timeout=ANSWER_SECONDS)
    if not COMMIT.fullmatch(info.sha or ""):
        raise RevisionUnknown(f"The Hub names no commit for {name}. Give the full commit as the revision.")
    return info


@sensitive_variables("token")
def _read_snapshot(info: ModelInfo, revision: str, token: str = "") -> ModelSnapshot:
    deadline = time.monotonic() + ALL_ANSWERS_SECONDS
    commit = info.sha or ""
    snapshot = read_snapshot(
        name=info.id,
        requested_revision=revision,
        commit=commit,
        files={file.rfilename: file.size for file in info.siblings or ()},
        read=lambda path: _read_file(info.id, commit, path, deadline, token),
        parameters=dict(info.safetensors.parameters) if info.safetensors else None,
    )
    return replace(snapshot, is_private=bool(info.private), is_gated=bool(info.gated))


@sensitive_variables("token")
def _read_file(name: str, commit: str, path: str, deadline: float, token: str) -> bytes:
    from huggingface_hub import hf_hub_url
    from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

    url = hf_hub_url(name, path, revision=commit, endpoint=settings.HF_ENDPOINT)
    content = b""
    with get_session().stream(
        "GET", url, headers=build_hf_headers(token=token or False), timeout=ANSWER_SECONDS
    ) as response:
        if response.is_error:
            response.read()
        hf_raise_for_status(response)
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > LARGEST_SMALL_FILE:
                raise ValueError(f"{path} is larger than {LARGEST_SMALL_FILE} bytes.")
            if time.monotonic() > deadline:
                raise HubUnreachable("The Hub answers too slowly. Try again in a few minutes.")
    return content


@contextmanager
def _plain_errors(name: str, revision: str, *, has_token: bool = False) -> Iterator[None]:
    """Turns what huggingface_hub and its HTTP client raise into our own errors."""
    import httpx2
    from huggingface_hub import errors

    try:
        yield
    except errors.GatedRepoError as error:
        raise ModelClosed(
            f"{name} is gated, and the token's owner has no access to it. Ask for access on the Hub first."
            if has_token
            else f"{name} is gated: its owner asks for consent before anyone may download it. Open it on the Hub, or "
            "give a token that may read it."
        ) from error
    except errors.DisabledRepoError as error:
        raise ModelClosed(f"{name} has been disabled on the Hub.") from error
    except errors.RepositoryNotFoundError as error:
        raise ModelNotFound(
            f"The Hub shows no model {name} to the token. Check the spelling and what the token may read."
            if has_token
            else f"The Hub has no public model {name}. Check the spelling; a private model needs a token that opens it."
        ) from error
    except errors.RevisionNotFoundError as error:
        raise RevisionUnknown(
            f"{name} has no revision “{revision}”. Give a branch, a tag or a commit, or leave it empty."
        ) from error
    except errors.EntryNotFoundError as error:
        raise HubUnreachable(f"The Hub lists a file of {name} that it does not have. Try again later.") from error
    except errors.HFValidationError as error:
        raise ModelNotFound(f"“{name}” is not a model name. Write it as on the Hub: organisation/model.") from error
    except errors.HfHubHTTPError as error:
        raise _by_status(name, error.response.status_code, has_token=has_token) from error
    except (httpx2.HTTPError, errors.OfflineModeIsEnabled, OSError, ValueError) as error:
        raise HubUnreachable("The Hub cannot be reached at the moment. Try again in a few minutes.") from error


def _by_status(name: str, status: int, *, has_token: bool) -> HubError:
    match status:
        case 401 | 403 if has_token:
            return ModelClosed(f"The Hub does not let the token read {name}. Give a valid token that may read it.")
        case 401 | 403:
            return ModelClosed(f"The Hub does not let the public read {name}. Make it public, then submit it again.")
        case 404 | 410:
            return ModelNotFound(f"The Hub has no public model {name}. Check the spelling.")
        case 429:
            return HubUnreachable("The Hub has had too many questions from here. Try again in a few minutes.")
        case _:
            return HubUnreachable("The Hub does not work properly at the moment. Try again in a few minutes.")
