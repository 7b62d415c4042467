"""`annotator demo`: the running product with a project on real pictures, ready to be labelled."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from annotator.accounts.models import User
from annotator.accounts.services import create_user, random_password, update_user
from annotator.common.errors import DomainError
from annotator.images.models import ImportBatch
from annotator.images.services import create_batch, start_batch
from annotator.images.services.batches import uploads_of
from annotator.jobs.models import Job
from annotator.projects.models import Project
from annotator.projects.services import clean_name, create_project
from worker.management.emoji import emoji_files
from worker.management.supervisor import Supervisor
from worker.management.truth import folder_labels

USERNAME = "demo"
EMOJI_PROJECT = "Emoji"
EMOJI_INSTRUCTIONS = (
    "Which group of the emoji keyboard does the picture belong to? Gestures, faces of people and families are People & "
    "Body; yellow faces, hearts and ghosts are Smileys & Emotion."
)
REPORT_SECONDS = 3.0
TO_TRY = """\
Three things to try first:
  1. Open Label and press the letter of the right class tile. Z takes an answer back.
  2. After 32 labels the model learns by itself: from then on, Enter accepts what it suggests.
  3. Open Balance and see which classes still lack pictures; Home says how good the model is by now.
"""


class Command(BaseCommand):
    """Make the demo project once, then run the product."""

    help = "Run the product with a demo project: import, embed, select, then print the address and the login."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Describe the options."""
        pictures = parser.add_mutually_exclusive_group(required=True)
        pictures.add_argument("--emoji", type=Path, help="the npm package emoji-datasource-google, unpacked")
        pictures.add_argument("--folder", type=Path, help="your own pictures in class folders")
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000, help="port of the web page; 0 picks a free one (8000)")
        parser.add_argument("--new-password", action="store_true", help="draw another password for the demo's login")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Open the product, make what is missing, and run until stopped."""
        pictures = Pictures.read(options["emoji"], options["folder"])
        supervisor = Supervisor(host=options["host"], port=options["port"], say=self._say)
        supervisor.open()
        try:
            user, password = sign_up(new_password=options["new_password"])
            # The project is made when all else runs: a broker that is up carries its first job at once.
            progress = Progress(lambda: set_up(pictures, user), self._say)
            supervisor.run(
                ready=progress.is_ready,
                announce=lambda url: self._say(f"\n{login_text(password)}\n{TO_TRY}\nReady: {url}"),
            )
        except DomainError as error:
            raise CommandError(error.message) from error
        finally:
            supervisor.close()

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


class Pictures:
    """What the demo imports: the project's name, its classes, and where the files are."""

    def __init__(self, project: str, classes: set[str], *, folder: Path | None, files: list[tuple[str, Path]]) -> None:
        self.project = project
        self.classes = sorted(classes)
        self.folder = folder
        self.files = files

    @classmethod
    def read(cls, emoji: Path | None, folder: Path | None) -> Pictures:
        """Look at the npm package, or at one's own class folders. Raises CommandError in one line."""
        if emoji is not None:
            try:
                files = emoji_files(emoji)
            except ValueError as error:
                raise CommandError(str(error)) from error
            return cls(EMOJI_PROJECT, {source.split("/")[0] for source, _ in files}, folder=None, files=files)
        assert folder is not None
        if not folder.is_dir():
            raise CommandError(f"There is no folder {folder}.")
        classes = set(folder_labels(folder).values())
        if not classes:
            raise CommandError(f"{folder} holds no class folders with pictures (class/file or split/class/file).")
        return cls(clean_name(folder.resolve().name), classes, folder=folder.resolve(), files=[])


def sign_up(*, new_password: bool) -> tuple[User, str | None]:
    """Return the demo's login, and its password when it was drawn now: nobody has used it yet, or it was asked for."""
    password = random_password()
    user = User.objects.filter(username=USERNAME).first()
    if user is None:
        return create_user(username=USERNAME, password=password, is_admin=True), password
    if new_password or user.last_login is None:
        return update_user(user=user, password=password), password
    return user, None


def set_up(pictures: Pictures, user: User) -> Project:
    """Return the demo's project; make it and start its import when it has none."""
    project = Project.objects.filter(name=pictures.project, created_by=user, deleted_at=None).order_by("id").first()
    if project is None:
        classes = [{"name": name} for name in pictures.classes]
        instructions = EMOJI_INSTRUCTIONS if pictures.files else ""
        project = create_project(user=user, name=pictures.project, classes=classes, instructions=instructions)
    started = ImportBatch.objects.filter(project=project).exclude(state=ImportBatch.State.RECEIVING)
    if not started.exists():
        source = str(pictures.folder or "")
        batch = create_batch(project=project, user=user, labels="ignore", name=pictures.project, source_path=source)
        for path, file in pictures.files:
            target = uploads_of(batch) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
        start_batch(batch=batch, user=user)
    return project


def login_text(password: str | None) -> str:
    """Say how to sign in."""
    known = password or "as printed the first time (`annotator demo --new-password …` draws another)"
    return f"User name: {USERNAME}\nPassword:  {known}\n"


class Progress:
    """Makes the project when it is first asked, then follows its jobs until all have ended."""

    def __init__(self, make: Callable[[], Project], say: Callable[[str], None]) -> None:
        self.make = make
        self.say = say
        self.project: Project | None = None
        self._since = timezone.now()
        self._next_report = 0.0

    def is_ready(self) -> bool:
        """Whether no job is left to wait for. Raises CommandError when one fails meanwhile."""
        self.project = self.project or self.make()
        jobs = Job.objects.filter(project=self.project).order_by("id")
        failed = jobs.filter(state=Job.State.FAILED, finished_at__gte=self._since).first()
        if failed is not None:
            raise CommandError(f"{failed.title or failed.kind} failed: {failed.error_message}")
        active = jobs.filter(state__in=Job.ACTIVE)
        if active and time.monotonic() >= self._next_report:
            self._next_report = time.monotonic() + REPORT_SECONDS
            self.say("; ".join(describe(job) for job in active))
        return not active


def describe(job: Job) -> str:
    """Return a job's title and how far it is."""
    title = job.title or job.kind
    return f"{title}: {job.progress_done} of {job.progress_total}" if job.progress_total else title
