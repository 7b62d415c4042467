"""A small client of the product's own HTTP API, for commands that act as a person would."""

from __future__ import annotations

import json
import mimetypes
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import requests

ACTIVE = ("queued", "running")
FILES_PER_REQUEST = 64
BYTES_PER_REQUEST = 16 * 1024 * 1024


class ApiError(Exception):
    """The server refused, cannot be reached or a job did not succeed; the message is one readable line."""


class Client:
    """Talks to one server as one person: with an API token, or signed in with a password."""

    def __init__(self, url: str, *, timeout: float = 60) -> None:
        self.url = url.rstrip("/")
        self.timeout = timeout
        self.session = requests.Session()
        self.session.trust_env = False  # the product is on this machine or this network, not behind a proxy

    def use_token(self, token: str) -> None:
        """Authenticate every request with an API token."""
        self.session.headers["Authorization"] = f"Token {token}"

    def login(self, username: str, password: str) -> None:
        """Sign in as the browser does: a session cookie and the CSRF header."""
        self.get("/api/auth/me")
        self.post("/api/auth/login", {"username": username, "password": password})

    def get(self, path: str, **params: Any) -> Any:
        """Return the JSON that GET answers."""
        return self._send("GET", path, params={name: value for name, value in params.items() if value is not None})

    def post(self, path: str, body: Any = None) -> Any:
        """Return the JSON that POST answers, or None when it answers nothing."""
        return self._send("POST", path, json={} if body is None else body)

    def patch(self, path: str, body: Any) -> Any:
        """Return the JSON that PATCH answers."""
        return self._send("PATCH", path, json=body)

    def pages(self, path: str, *, limit: int, **params: Any) -> Iterator[Any]:
        """Yield the results of a list that pages by key, page after page."""
        after = None
        while True:
            page = self.get(path, after=after, limit=limit, **params)
            yield from page["results"]
            after = page["next"]
            if after is None:
                return

    def find_project(self, name_or_id: str) -> dict[str, Any]:
        """Return the project of that name or number."""
        projects = self.get("/api/projects")
        named = [project for project in projects if project["name"] == name_or_id]
        numbered = [project for project in projects if str(project["id"]) == name_or_id]
        found = named or numbered
        if not found:
            raise ApiError(f"There is no project {name_or_id!r} among yours at {self.url}.")
        return found[0]

    def wait_for_job(
        self, project_id: int, job_id: int, *, watch: Callable[[dict[str, Any]], None] | None = None
    ) -> dict[str, Any]:
        """Wait until a job has ended and return it; raise ApiError unless it succeeded."""
        pause = 0.05
        while True:
            job = self.get(f"/api/projects/{project_id}/jobs/{job_id}")
            if watch:
                watch(job)
            if job["state"] not in ACTIVE:
                break
            time.sleep(pause)
            pause = min(pause * 1.3, 0.5)
        if job["state"] != "succeeded":
            reason = (job["error"] or {}).get("message") or job["state"]
            raise ApiError(f"The job {job['title'] or job['kind']} ended without success: {reason}")
        return job

    def wait_until_idle(self, project_id: int, *, watch: Callable[[dict[str, Any]], None] | None = None) -> None:
        """Wait until the project has no job queued or running; raise ApiError when one of them fails."""
        while True:
            jobs = self.get(f"/api/projects/{project_id}/pulse")["jobs"]
            if not jobs:
                return
            for job in jobs:
                self.wait_for_job(project_id, job["id"], watch=watch)

    def import_files(self, project_id: int, files: list[tuple[str, Path]], *, name: str, labels: str) -> dict[str, Any]:
        """Upload (source path, file) pairs as one import batch, start it and return its job."""
        base = f"/api/projects/{project_id}/imports"
        batch = self.post(base, {"name": name, "labels": labels})
        for part in parts(files):
            with ExitStack() as opened:
                payload = [
                    ("files", (path.name, opened.enter_context(path.open("rb")), mime_type(path))) for _, path in part
                ]
                paths = json.dumps([source for source, _ in part])
                self._send("POST", f"{base}/{batch['id']}/files", data={"paths": paths}, files=payload)
        job: dict[str, Any] = self.post(f"{base}/{batch['id']}/start")
        return job

    def _send(self, method: str, path: str, **kwargs: Any) -> Any:
        headers = {"X-CSRFToken": self.session.cookies.get("csrftoken", ""), "Referer": self.url}
        try:
            answer = self.session.request(method, self.url + path, headers=headers, timeout=self.timeout, **kwargs)
        except requests.RequestException as error:
            raise ApiError(f"No answer from {self.url}: {type(error).__name__}. Is the product running?") from error
        if answer.ok:
            return answer.json() if answer.content else None
        raise ApiError(reason_of(answer))


def reason_of(answer: requests.Response) -> str:
    """Return one line that says why the server refused."""
    try:
        body = answer.json()
    except requests.JSONDecodeError:
        return f"{answer.request.method} {answer.url} answered {answer.status_code}."
    details = "; ".join(f"{field}: {' '.join(map(str, texts))}" for field, texts in body.get("errors", {}).items())
    message = body.get("message") or f"HTTP {answer.status_code}"
    return f"{message} ({details})" if details and details not in message else str(message)


def parts(files: list[tuple[str, Path]]) -> Iterator[list[tuple[str, Path]]]:
    """Split files into requests of at most 64 files and about 16 MB."""
    part: list[tuple[str, Path]] = []
    size = 0
    for source, path in files:
        weight = path.stat().st_size
        if part and (len(part) == FILES_PER_REQUEST or size + weight > BYTES_PER_REQUEST):
            yield part
            part, size = [], 0
        part.append((source, path))
        size += weight
    if part:
        yield part


def mime_type(path: Path) -> str:
    """Guess a file's media type from its name."""
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"
