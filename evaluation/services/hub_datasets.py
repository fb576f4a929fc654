"""Fetches the small data files of a dataset of the Hub, at the commit that a revision is now.

`huggingface_hub` is imported where it is used: it is too large for processes that only serve pages. Reads are
anonymous on purpose: with the operator's token a stranger could put a private dataset on the board.
"""

from __future__ import annotations

import gzip
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from django.conf import settings

from evaluation.custom.archives import DESCRIPTIONS, LARGEST_UNPACKED, MOST_FILES
from evaluation.custom.data_files import LARGEST_FILE, SUFFIXES
from evaluation.custom.tasks import METRIC_FILE
from evaluation.hub import HubError

ZIPPED = ".jsonl.gz"
ANSWER_SECONDS = 15
DATASET_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)?", re.ASCII)
REVISION = re.compile(r"[\w./-]{1,200}", re.ASCII)
ONE_SHARD = re.compile(r"-00000-of-00001(?=\.)")
SHARD = re.compile(r"-\d{5}-of-\d{5}(?=\.)")


@dataclass(frozen=True)
class HubDataset:
    name: str
    commit: str

    def __str__(self) -> str:
        return f"{self.name} at {self.commit[:8]} of the Hub"


def fetch_dataset(name: str, revision: str, folder: Path) -> HubDataset:
    """Write the dataset's data files and descriptions into the folder. Raises HubError with a sentence."""
    if not DATASET_NAME.fullmatch(name):
        raise HubError(f"“{name}” is not the name of a dataset. Write it as on the Hub: organisation/dataset.")
    if revision and not REVISION.fullmatch(revision):
        raise HubError(f"“{revision}” is not a revision. Give a branch, a tag or a commit, or leave it out.")
    from huggingface_hub import HfApi, hf_hub_download

    with _plain_errors(name, revision):
        api = HfApi(endpoint=settings.HF_ENDPOINT, token=False)
        info = api.dataset_info(name, revision=revision or None, files_metadata=True, timeout=ANSWER_SECONDS)
        if not info.sha:
            raise HubError(f"The Hub names no commit for {name}. Give the full commit as the revision.")
        sizes = {file.rfilename: file.size for file in info.siblings or []}
        left = LARGEST_UNPACKED
        for remote, local in wanted_files(name, sizes).items():
            target = folder / local
            target.parent.mkdir(parents=True, exist_ok=True)
            fetched = hf_hub_download(
                name,
                remote,
                repo_type="dataset",
                revision=info.sha,
                local_dir=folder / ".fetched",
                endpoint=settings.HF_ENDPOINT,
                token=False,
                etag_timeout=ANSWER_SECONDS,
            )
            if remote.endswith(ZIPPED):
                left -= _unzip(Path(fetched), target, min(left, LARGEST_FILE))
            else:
                Path(fetched).replace(target)
        shutil.rmtree(folder / ".fetched", ignore_errors=True)
    return HubDataset(info.id, info.sha)


def wanted_files(name: str, sizes: dict[str, int | None]) -> dict[str, str]:
    """Remote path -> our path, without a folder `data` and the number of the one shard. Refuses what is too large."""
    wanted: dict[str, str] = {}
    for remote in sizes:
        path = PurePosixPath(remote)
        if path.suffix in SUFFIXES or remote.endswith(ZIPPED) or path.name in (*DESCRIPTIONS, METRIC_FILE):
            local = ONE_SHARD.sub("", remote.removeprefix("data/")).removesuffix(".gz")
            if SHARD.search(local):
                raise HubError(f"{name} has {remote} in several parts. Give a dataset with one file for each split.")
            if ".." in path.parts or path.is_absolute() or local in wanted.values():
                raise HubError(f"{name} has files whose places clash: {remote}. Give a dataset with plain folders.")
            wanted[remote] = local
    if not wanted:
        raise HubError(f"{name} has no data file. A custom task reads {', '.join(SUFFIXES)}.")
    total = sum(sizes[remote] or 0 for remote in wanted)
    if any(sizes[remote] is None for remote in wanted):
        raise HubError(f"The Hub does not say how large the files of {name} are. Upload the data as a zip instead.")
    if total > LARGEST_UNPACKED or len(wanted) > MOST_FILES:
        raise HubError(
            f"{name} has {len(wanted)} data files with {total / 1024**2:.0f} MB; at most {MOST_FILES} with "
            f"{LARGEST_UNPACKED // 1024**2} MB are read. Make a smaller dataset of the rows that matter."
        )
    return wanted


def _unzip(packed: Path, target: Path, limit: int) -> int:
    """What the archive says about its size may be wrong, so it is read no further than the limit."""
    with gzip.open(packed) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise HubError(f"{packed.name} unpacks to more than {limit // 1024**2} MB. Make a smaller dataset of it.")
    return target.write_bytes(content)


@contextmanager
def _plain_errors(name: str, revision: str) -> Iterator[None]:
    import httpx2
    from huggingface_hub import errors

    hub = settings.HF_ENDPOINT
    try:
        yield
    except errors.RevisionNotFoundError as error:
        raise HubError(f"The dataset {name} has no revision “{revision}” on {hub}.") from error
    except (errors.GatedRepoError, errors.DisabledRepoError) as error:
        raise HubError(
            f"The dataset {name} is gated or disabled on {hub}. Upload the data as a zip instead."
        ) from error
    except (errors.RepositoryNotFoundError, errors.HFValidationError) as error:
        raise HubError(f"There is no public dataset {name} on {hub}. Check the spelling.") from error
    except errors.OfflineModeIsEnabled as error:
        raise HubError("This board does not read the Hub (HF_HUB_OFFLINE). Upload the data as a zip.") from error
    except (errors.HfHubHTTPError, httpx2.HTTPError, OSError, ValueError) as error:
        raise HubError(f"The Hub at {hub} does not answer as it should. Try again in a few minutes.") from error
