"""Adding, changing and removing webhooks. Their secrets are shown once, when they are made."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from typing import Any

from django.db import transaction

from annotator.accounts.models import User
from annotator.common.errors import Conflict, DomainError
from annotator.common.outgoing import AddressRefused, check_url
from annotator.common.secrets import encrypt
from annotator.events.models import WEBHOOK_KINDS, Webhook
from annotator.events.services.log import host_of, record_event
from annotator.projects.models import Project

MOST = 20  # webhooks of a project


def create_webhook(*, project: Project, user: User, url: str, kinds: Collection[str]) -> tuple[Webhook, str]:
    """Add a webhook, which is told of everything from now on; return it with its secret.

    Raises:
        DomainError: the address or a kind cannot be used.
        Conflict: the project has as many as it may.
    """
    url, kinds, secret = _usable_url(url), _usable_kinds(kinds), _new_secret()
    with transaction.atomic():
        event = record_event(
            project_id=project.pk, kind="webhooks_changed", actor=user, change="added", host=host_of(url)
        )
        if project.webhooks.count() >= MOST:
            raise Conflict(f"A project has at most {MOST} webhooks. Remove one that is not needed any more.")
        webhook = Webhook.objects.create(
            project=project, url=url, kinds=kinds, secret=encrypt(secret), cursor=event.seq, created_by=user
        )
    return webhook, secret


def update_webhook(*, webhook: Webhook, user: User, **changes: Any) -> Webhook:
    """Change address (`url`) or `kinds`, or switch on and off with `enabled`.

    One that is switched on is not told of what happened while it was off; what was pending is sent.

    Raises:
        DomainError: the address or a kind cannot be used.
    """
    fields: dict[str, Any] = {}
    if "url" in changes:
        fields["url"] = _usable_url(changes["url"])
    if "kinds" in changes:
        fields["kinds"] = _usable_kinds(changes["kinds"])
    if "enabled" in changes:
        fields["enabled"] = changes["enabled"]
    if "url" in fields or changes.get("enabled"):
        fields |= {"failures": 0, "failing_since": None, "rests_until": None}
    if not fields:
        return webhook
    with transaction.atomic():
        event = record_event(
            project_id=webhook.project_id,
            kind="webhooks_changed",
            actor=user,
            webhook=webhook.pk,
            change="changed",
            host=host_of(fields.get("url", webhook.url)),
        )
        if changes.get("enabled"):
            off = Webhook.objects.filter(pk=webhook.pk, enabled=False)
            off.update(cursor=event.seq, disabled_at=None)
        Webhook.objects.filter(pk=webhook.pk).update(**fields)
    webhook.refresh_from_db()
    return webhook


def renew_secret(*, webhook: Webhook, user: User) -> str:
    """Give a webhook a new secret and return it; the old one signs nothing more."""
    secret = _new_secret()
    with transaction.atomic():
        record_event(
            project_id=webhook.project_id,
            kind="webhooks_changed",
            actor=user,
            webhook=webhook.pk,
            change="new_secret",
            host=host_of(webhook.url),
        )
        Webhook.objects.filter(pk=webhook.pk).update(secret=encrypt(secret))
    return secret


def delete_webhook(*, webhook: Webhook, user: User) -> None:
    """Remove a webhook with its log."""
    with transaction.atomic():
        record_event(
            project_id=webhook.project_id,
            kind="webhooks_changed",
            actor=user,
            webhook=webhook.pk,
            change="removed",
            host=host_of(webhook.url),
        )
        Webhook.objects.filter(pk=webhook.pk).delete()


def _new_secret() -> str:
    return f"whsec_{secrets.token_urlsafe(32)}"


def _usable_url(url: str) -> str:
    try:
        check_url(url)
    except AddressRefused as error:
        raise DomainError(error.message, code=error.code, errors={"url": [error.message]}) from error
    return url


def _usable_kinds(kinds: Collection[str]) -> list[str]:
    unknown = sorted(set(kinds) - set(WEBHOOK_KINDS))
    problem = ""
    if unknown:
        problem = f"There is no kind of event “{unknown[0]}”."
    elif not kinds:
        problem = "Choose at least one kind of event."
    if problem:
        raise DomainError(problem, errors={"kinds": [problem]})
    return [kind for kind in WEBHOOK_KINDS if kind in kinds]
