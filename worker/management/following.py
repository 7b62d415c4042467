"""What commands share that start a job: in whose name, and a bar that follows it to its end."""

from __future__ import annotations

import time

from django.core.management.base import CommandError, OutputWrapper

from annotator.accounts.models import User
from annotator.jobs.models import Job
from annotator.projects.models import Project

LOOK_SECONDS = 0.5
PATIENCE_SECONDS = 10.0
BAR = 30  # characters


def follow(job: Job, stderr: OutputWrapper, what: str) -> None:
    """Draw a bar until the job has ended. An interrupt ends the watching, not the job.

    Args:
        job: is refreshed until it has ended.
        stderr: of the command; the bar is drawn only on a terminal.
        what: names the work in messages, such as "import".

    Raises:
        CommandError: the person interrupted it.
    """
    began, told = time.monotonic(), False
    try:
        while job.state in Job.ACTIVE:
            _draw(job, stderr)
            if job.state == Job.State.QUEUED and not told and time.monotonic() > began + PATIENCE_SECONDS:
                stderr.write("Still waiting for a worker: is `annotator up` running?")
                told = True
            time.sleep(LOOK_SECONDS)
            job.refresh_from_db()
    except KeyboardInterrupt:
        raise CommandError(f"The {what} goes on as job {job.pk}.") from None
    _draw(job, stderr)
    if stderr.isatty():
        stderr.write("")


def must_have_succeeded(job: Job, what: str) -> None:
    """Raise CommandError, in one line, when the job failed or was cancelled."""
    if job.state in (Job.State.FAILED, Job.State.CANCELLED):
        raise CommandError(f"The {what} {job.state}. {job.error_message} {job.error_hint}".strip())


def person(username: str | None, project: Project) -> User:
    """Return the person in whose name something is done: the project's creator unless one is named.

    Raises:
        CommandError: there is no such user.
    """
    if username is None:
        return project.created_by
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise CommandError(f"There is no user {username!r}.")
    return user


def _draw(job: Job, stderr: OutputWrapper) -> None:
    if stderr.isatty():
        stderr.write(f"\r{bar(job)}", style_func=str, ending="")
        stderr.flush()


def bar(job: Job) -> str:
    """Return a line that shows how far the job is, as wide as the one before it."""
    share = job.progress_done / job.progress_total if job.progress_total else 0.0
    filled = "█" * round(share * BAR)
    text = f"{job.progress_done} of {job.progress_total} {job.progress_unit}" if job.progress_total else job.state
    return f"[{filled:·<{BAR}}] {text} {job.progress_message}"[:100].ljust(100)
