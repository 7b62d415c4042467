"""Trying a model on a picture: the upload waits in the inbox until a worker has looked at it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from rest_framework import status

from annotator.accounts.models import User
from annotator.common.errors import DomainError
from annotator.jobs.models import Job, JobKind
from annotator.jobs.services import enqueue
from annotator.modeling.models import ModelVersion

MAX_BYTES = 20 * 1024**2
MAX_WAITING = 50  # uploads of all projects
KEPT_SECONDS = 3600  # after which nobody waits for an answer any more


class TooLarge(DomainError):
    """More bytes than the server takes."""

    status = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    code = "too_large"


class Busy(DomainError):
    """Too many pictures wait already."""

    status = status.HTTP_429_TOO_MANY_REQUESTS
    code = "busy"


def request_prediction(*, version: ModelVersion, user: User, picture: Iterable[bytes]) -> Job:
    """Store a picture and ask a worker what the model says of it; the answer is the job's result.

    Raises:
        DomainError: the picture is empty.
        TooLarge: it is over 20 MiB.
        Busy: too many wait already.
    """
    folder = tries_folder()
    folder.mkdir(parents=True, exist_ok=True)
    _clear(folder)
    name = uuid.uuid4().hex
    try:
        _store(folder / name, picture)
        return enqueue(
            kind=JobKind.PREDICT,
            project=version.project,
            title=f"Try {version.name}",
            params={"version": version.pk, "upload": name},
            created_by=user,
        )
    except BaseException:
        remove_upload(name)
        raise


def tries_folder() -> Path:
    """Return where uploads wait."""
    return Path(settings.INBOX_DIR) / "tries"


def remove_upload(name: str) -> None:
    """Delete an upload that was looked at."""
    (tries_folder() / name).unlink(missing_ok=True)


def _store(target: Path, picture: Iterable[bytes]) -> None:
    size = 0
    with target.open("wb") as file:
        for piece in picture:
            size += len(piece)
            if size > MAX_BYTES:
                limit = MAX_BYTES // 1024**2
                raise TooLarge(f"The picture is over {limit} MiB. Try a smaller one.")
            file.write(piece)
    if not size:
        raise DomainError("There is no picture in this request. Send one as `file`.", errors={"file": ["Missing."]})


def _clear(folder: Path) -> None:
    """Delete what nobody waits for any more; raise Busy when too much is left."""
    waiting, oldest = 0, time.time() - KEPT_SECONDS
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # a worker has just finished with it
            if path.stat().st_mtime < oldest:
                path.unlink()
            else:
                waiting += 1
    if waiting >= MAX_WAITING:
        raise Busy("Many pictures wait to be tried. Wait a moment, then try again.")
