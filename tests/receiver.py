"""A real HTTP receiver on a thread: it notes what it gets, and answers as it is told to."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Message:
    """What was received."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Answers 200, unless `answers` has something else for it: (status, body, headers), or an event to wait for."""

    url: str = ""
    messages: list[Message] = field(default_factory=list)
    answers: deque[tuple[int, bytes, dict[str, str]] | threading.Event] = field(default_factory=deque)

    def will_answer(self, *statuses: int, body: bytes = b"", **headers: str) -> None:
        """Answer the next requests with these statuses."""
        self.answers.extend((status, body, headers) for status in statuses)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Listen on a free port of this host until the end of the block."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.messages.append(Message(self.path, dict(self.headers), body))
            answer = receiver.answers.popleft() if receiver.answers else (200, b"thank you", {})
            if isinstance(answer, threading.Event):
                answer.wait(60)
                return
            status, text, headers = answer
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
