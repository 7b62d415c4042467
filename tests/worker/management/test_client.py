"""The API client: signs in, pages, waits for jobs, uploads in parts, and tells failures in one line."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from worker.management.client import ApiError, Client, parts

Answer = tuple[int, object]


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[str, str, bytes], Answer]], Client]]:
    """Return a maker of clients whose server answers with a function of method, path and body."""
    servers: list[ThreadingHTTPServer] = []

    def make(reply: Callable[[str, str, bytes], Answer]) -> Client:
        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, value = reply(self.command, self.path, body)
                self.send_response(status)
                self.send_header("Set-Cookie", "csrftoken=abc; Path=/")
                self.end_headers()
                self.wfile.write(json.dumps(value).encode())

            do_GET = do_POST = do_PATCH = _answer

            def log_message(self, *_: object) -> None:
                """Keep the tests' output quiet."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return Client(f"http://127.0.0.1:{server.server_port}/")

    yield make
    for server in servers:
        server.shutdown()
        server.server_close()


def test_pages_are_followed_by_key(serve):
    pages = {None: {"results": [1, 2], "next": 2}, "2": {"results": [3], "next": None}}

    def reply(_method, path, _body):
        after = path.split("after=")[1].split("&")[0] if "after=" in path else None
        return 200, pages[after]

    assert list(serve(reply).pages("/api/things", limit=2)) == [1, 2, 3]


def test_a_project_is_found_by_name_or_number_and_a_missing_one_is_named(serve):
    client = serve(lambda *_: (200, [{"id": 7, "name": "coats"}, {"id": 8, "name": "7"}]))
    assert client.find_project("coats")["id"] == 7
    assert client.find_project("7")["id"] == 8, "a name goes before a number"
    assert client.find_project("8")["id"] == 8
    with pytest.raises(ApiError, match="no project 'hats'"):
        client.find_project("hats")


def test_waiting_returns_the_job_that_succeeded(serve):
    states = iter(["queued", "running", "succeeded"])
    client = serve(lambda *_: (200, {"state": next(states), "title": "Embed", "kind": "embed", "error": None}))
    seen = []
    assert client.wait_for_job(1, 2, watch=lambda job: seen.append(job["state"]))["state"] == "succeeded"
    assert seen == ["queued", "running", "succeeded"]


def test_a_job_that_failed_is_told_with_its_reason(serve):
    job = {"state": "failed", "title": "Embed", "kind": "embed", "error": {"message": "The disk is full."}}
    with pytest.raises(ApiError, match=r"Embed ended without success: The disk is full\."):
        serve(lambda *_: (200, job)).wait_for_job(1, 2)


def test_a_refusal_carries_the_servers_message_and_fields(serve):
    body = {"code": "invalid", "message": "Please correct the fields.", "errors": {"name": ["Too long."]}}
    with pytest.raises(ApiError, match=r"Please correct the fields\. \(name: Too long\.\)"):
        serve(lambda *_: (400, body)).post("/api/projects", {})


def test_a_server_that_is_not_there_is_told_in_one_line():
    with pytest.raises(ApiError, match="Is the product running") as caught:
        Client("http://127.0.0.1:9").get("/api/projects")
    assert "\n" not in str(caught.value)


def test_an_import_uploads_every_file_under_its_source_path_then_starts(serve, tmp_path):
    calls = []

    def reply(method, path, body):
        calls.append((method, path, body))
        return 200, {"id": 5, "kind": "import"}

    files = []
    for number in range(70):
        path = tmp_path / f"{number}.png"
        path.write_bytes(b"%d" % number)
        files.append((f"cat/{number}.png", path))
    assert serve(reply).import_files(3, files, name="pictures", labels="ignore")["kind"] == "import"

    assert [path.removeprefix("/api/projects/3/imports") for _, path, _ in calls] == [
        "",
        "/5/files",
        "/5/files",
        "/5/start",
    ]
    assert json.loads(calls[0][2]) == {"name": "pictures", "labels": "ignore"}
    assert b'"cat/0.png"' in calls[1][2]
    assert b'"cat/69.png"' in calls[2][2]


def test_a_part_holds_at_most_16_megabytes_unless_one_file_is_larger(tmp_path):
    files = []
    for number, megabytes in enumerate((10, 5, 2, 20, 1)):
        path = tmp_path / f"{number}.bin"
        with path.open("wb") as stream:
            stream.truncate(megabytes * 1024 * 1024)
        files.append((path.name, path))
    assert [[name for name, _ in part] for part in parts(files)] == [
        ["0.bin", "1.bin"],
        ["2.bin"],
        ["3.bin"],
        ["4.bin"],
    ]
