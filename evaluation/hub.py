"""Which commit a model of the Hub stands at, with errors in plain words.

`huggingface_hub` is imported where it is used: it is too large for processes that only serve pages.
"""

from __future__ import annotations

from django.conf import settings

TIMEOUT_SECONDS = 15


class HubError(Exception):
    """The message is a sentence for the person who named the model."""


def resolve_revision(name: str, revision: str | None) -> str:
    """The commit of a branch, tag or commit; of the default branch without one."""
    import httpx2
    from huggingface_hub import HfApi, errors

    hub = settings.HF_ENDPOINT
    try:
        info = HfApi(endpoint=hub).model_info(name, revision=revision, timeout=TIMEOUT_SECONDS)
    except errors.RevisionNotFoundError as error:
        raise HubError(
            f"The model {name} has no revision “{revision}” on {hub}. Leave it out for the newest."
        ) from error
    except errors.GatedRepoError as error:
        raise HubError(f"The model {name} is gated on {hub}. Ask for access and set HF_TOKEN.") from error
    except (errors.RepositoryNotFoundError, errors.HFValidationError) as error:
        raise HubError(
            f"There is no model {name} on {hub}. Check the spelling, or set HF_TOKEN if it is private."
        ) from error
    except errors.OfflineModeIsEnabled as error:
        raise HubError("HF_HUB_OFFLINE is set: unset it, or give a local folder instead of a model name.") from error
    except (errors.HfHubHTTPError, httpx2.HTTPError, OSError) as error:
        raise HubError(
            f"The Hub at {hub} does not answer. Check the network and HF_ENDPOINT, or give a local folder."
        ) from error
    if not info.sha:
        raise HubError(f"{hub} names no commit for the model {name}. Give one with --revision.")
    return info.sha
