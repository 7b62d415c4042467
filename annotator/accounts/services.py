"""Every write to people: sign in and out, passwords, accounts, API tokens."""

from __future__ import annotations

import json
import secrets
from typing import Any

from axes.utils import reset as forget_attempts
from django.contrib.auth import SESSION_KEY, authenticate, login, logout, update_session_auth_hash
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone
from knox.models import AuthToken

from annotator.accounts.models import ApiToken, User
from annotator.common.errors import Conflict, DomainError, NotFound, check_model

MAX_PREFERENCES = 16 * 1024  # bytes of JSON
MAX_DEPTH = 5


def sign_in(*, http: HttpRequest, username: str, password: str) -> User:
    """Check the password and start a session.

    Raises:
        DomainError: wrong name or password (the same answer for both). Too many attempts are answered by
            `annotator.accounts.api.too_many_attempts`, which the throttle calls itself.
    """
    user = authenticate(http, username=username, password=password)
    if not isinstance(user, User):
        raise DomainError("The user name or the password is wrong.", code="invalid_credentials")
    login(http, user)
    return user


def sign_out(*, http: HttpRequest) -> None:
    """End the session."""
    logout(http)


def _check_password(password: str, user: User, field: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise DomainError(" ".join(error.messages), errors={field: error.messages}) from error


def create_user(*, username: str, password: str, name: str = "", is_admin: bool = False) -> User:
    """Create an account that can sign in.

    Raises:
        DomainError: the name is taken or malformed, or the password too weak; `errors` names the field.
    """
    user = User(username=username, first_name=name, is_superuser=is_admin, is_staff=is_admin)
    check_model(user, exclude=["password"])
    _check_password(password, user, "password")
    user.set_password(password)
    try:
        user.save()
    except IntegrityError as error:
        message = "A user with that username already exists."
        raise DomainError(message, errors={"username": [message]}) from error
    return user


def change_preferences(*, user: User, changes: dict[str, Any]) -> dict[str, Any]:
    """Merge into what the pages keep for a person, key by key; null takes a key out. Returns what is kept then.

    Raises:
        DomainError: it would be larger or deeper than what is kept, or is no JSON that every database takes.
    """
    with transaction.atomic():
        kept = User.objects.select_for_update().get(pk=user.pk)
        merged = {key: value for key, value in (kept.preferences | changes).items() if value is not None}
        _check_preferences(merged)
        kept.preferences = merged
        kept.save(update_fields=["preferences"])
    return merged


def _check_preferences(preferences: dict[str, Any]) -> None:
    """Bound what a person can have kept; databases refuse NUL characters, halves of surrogate pairs, and infinity."""
    message = ""
    try:
        text = json.dumps(preferences, ensure_ascii=False, allow_nan=False)
        if len(text.encode()) > MAX_PREFERENCES:
            message = f"Preferences are {MAX_PREFERENCES // 1024} kB of JSON at most."
        elif _depth(preferences) > MAX_DEPTH:
            message = f"Preferences are nested {MAX_DEPTH} levels deep at most."
        elif "\\u0000" in text:
            message = "Preferences hold no NUL characters."
    except ValueError:
        message = "Preferences hold only text and finite numbers."
    if message:
        raise DomainError(message)


def _depth(value: Any) -> int:
    """Return how many objects and lists lie in each other."""
    if not isinstance(value, dict | list):
        return 0
    inside = value.values() if isinstance(value, dict) else value
    return 1 + max(map(_depth, inside), default=0)


def random_password() -> str:
    """Return a password for an account that nobody chose one for."""
    return secrets.token_urlsafe(12)


def update_user(
    *,
    user: User,
    name: str | None = None,
    password: str | None = None,
    is_admin: bool | None = None,
    is_active: bool | None = None,
) -> User:
    """Change an account; None leaves a field as it is. One that is switched off loses its sessions and tokens for good.

    Raises:
        Conflict: it would leave the site without an active admin.
        DomainError: the new password is too weak.
    """
    with transaction.atomic():
        _change(user, name, password, is_admin, is_active)
    if is_active is False:
        _end_sessions(user)
    return user


def _change(user: User, name: str | None, password: str | None, is_admin: bool | None, is_active: bool | None) -> None:
    admins = list(User.objects.select_for_update().filter(is_superuser=True, is_active=True).order_by("pk"))
    if name is not None:
        user.first_name = name
    if is_admin is not None:
        user.is_superuser = user.is_staff = is_admin
    if is_active is not None:
        user.is_active = is_active
    if not (user.is_superuser and user.is_active) and [admin.pk for admin in admins] == [user.pk]:
        raise Conflict("This is the last site admin. Make another person a site admin first.")
    check_model(user, exclude=["password"])
    if password is not None:
        _check_password(password, user, "password")
        user.set_password(password)
    user.save()
    if is_active is False:
        AuthToken.objects.filter(user=user).delete()


def _end_sessions(user: User) -> None:
    """Delete the person's sessions: they would wake up with the account. A session tells whose it is only when read."""
    sessions = Session.objects.filter(expire_date__gt=timezone.now())
    theirs = [row.pk for row in sessions.iterator() if row.get_decoded().get(SESSION_KEY) == str(user.pk)]
    Session.objects.filter(pk__in=theirs).delete()


def reset_password(*, user: User, password: str | None = None) -> str:
    """Give a person who forgot it a new password, drawn unless one is given; return it.

    The person's sessions end, API tokens stay, and a pause after wrong attempts is over.

    Raises:
        DomainError: the password is too weak.
    """
    drawn = password or random_password()
    update_user(user=user, password=drawn)
    forget_attempts(username=user.username)
    return drawn


def change_password(*, http: HttpRequest, user: User, old_password: str, new_password: str) -> None:
    """Change one's own password; this session goes on, the person's other sessions end.

    Raises:
        DomainError: the old password is wrong, or the new one too weak.
    """
    if not user.check_password(old_password):
        message = "This is not your current password."
        raise DomainError(message, errors={"old_password": [message]})
    _check_password(new_password, user, "new_password")
    user.set_password(new_password)
    user.save(update_fields=["password"])
    update_session_auth_hash(http, user)


@transaction.atomic
def create_token(*, user: User, name: str) -> tuple[ApiToken, str]:
    """Create an API token; return its row and its text, which is shown once and kept only as a hash."""
    secret, text = AuthToken.objects.create(user=user)
    token = ApiToken(secret=secret, name=name)
    check_model(token)
    token.save()
    return token, text


def revoke_token(*, user: User, token_id: int) -> None:
    """Delete one of the person's own tokens.

    Raises:
        NotFound: no such token, or somebody else's.
    """
    token = ApiToken.objects.filter(secret__user=user, pk=token_id).select_related("secret").first()
    if token is None:
        raise NotFound("You have no such token.")
    token.secret.delete()
