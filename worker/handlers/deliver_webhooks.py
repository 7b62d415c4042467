"""Deliver webhooks: open a message for each new event, and send what is due, to several addresses at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any

from django.conf import settings

from annotator.common.errors import DomainError
from annotator.common.outgoing import Answer, Unanswered, send
from annotator.common.secrets import UnreadableSecret, decrypt, signature
from annotator.events.models import Delivery
from annotator.events.selectors import body_of, next_deliveries, webhooks_of
from annotator.events.services import Attempt, forget_deliveries, open_deliveries, record_attempt
from worker.runner import JobContext

BUDGET = 20.0  # seconds in which new messages are begun; what is left waits for the next job
TOGETHER = 8  # messages under way at once, each to another webhook
MAX_BYTES = 4096


def handle(ctx: JobContext) -> dict[str, Any]:
    """Send what is due. Each message is recorded by itself, as soon as its answer is there.

    A worker that is killed between answer and record sends the message again, under the same number.
    """
    opened = sum(open_deliveries(webhook=webhook) for webhook in webhooks_of(ctx.project).filter(enabled=True))
    with ThreadPoolExecutor(TOGETHER, thread_name_prefix="webhook") as pool:
        counts = _deliver(ctx, pool)
    forget_deliveries(project=ctx.project)
    return {"opened": opened, **counts}


def _deliver(ctx: JobContext, pool: ThreadPoolExecutor) -> dict[str, int]:
    """Keep each webhook busy with one message, so that one that is slow holds up no other."""
    ends = time.monotonic() + BUDGET
    flying: dict[Future[Attempt], Delivery] = {}
    counts = {"delivered": 0, "failed": 0}
    while True:
        if time.monotonic() < ends:
            busy = {delivery.webhook_id for delivery in flying.values()}
            due = next_deliveries(ctx.project, busy=busy)
            flying |= {pool.submit(_message(delivery)): delivery for delivery in due}
        if not flying:
            return counts
        done, _ = wait(flying, timeout=1, return_when=FIRST_COMPLETED)
        for future in done:
            delivery = record_attempt(delivery=flying.pop(future), attempt=future.result())
            counts["delivered" if delivery.state == Delivery.State.DELIVERED else "failed"] += 1
        sent = sum(counts.values())
        ctx.progress(sent, sent + len(flying), "messages")


def _message(delivery: Delivery) -> Callable[[], Attempt]:
    """Read all that a message needs; return what sends it, which may run in a thread without a database."""
    body, moment = body_of(delivery), int(time.time())
    try:
        signed = signature(decrypt(delivery.webhook.secret), body, moment)
    except UnreadableSecret:
        why = "The secret cannot be read, because the installation's key has changed. Make a new secret."
        return lambda: Attempt(status=None, error=why)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"Annotator/{settings.VERSION}",
        "X-Annotator-Delivery": str(delivery.pk),
        "X-Annotator-Event": delivery.kind,
        "X-Annotator-Signature": signed,
    }
    return partial(_send, delivery.webhook.url, headers, body)


def _send(url: str, headers: dict[str, str], body: bytes) -> Attempt:
    """Send a message; what goes wrong becomes part of the log."""
    began = time.monotonic()
    try:
        answer = send("POST", url, headers=headers, body=body, max_bytes=MAX_BYTES)
    except DomainError as error:
        return Attempt(status=None, error=error.message)
    except Unanswered as error:
        return Attempt(status=None, error=str(error), duration_ms=_since(began))
    return Attempt(answer.status, answer.body.decode("utf-8", "replace"), _problem(answer), _since(began))


def _problem(answer: Answer) -> str:
    if 300 <= answer.status < 400:
        return "It answered with a redirect, which is not followed. Enter the address that it leads to."
    return "" if answer.good else f"It answered with status {answer.status}."


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
