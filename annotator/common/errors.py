"""Errors that people can act on, and the one handler that turns every exception into the same JSON."""

import logging
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied
from django.core.exceptions import ValidationError as ModelInvalid
from django.db.models import Model
from django.http import Http404
from rest_framework import status
from rest_framework.exceptions import APIException, NotAuthenticated, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

logger = logging.getLogger(__name__)

CODES = {status.HTTP_401_UNAUTHORIZED: "not_authenticated", status.HTTP_403_FORBIDDEN: "forbidden"}


class DomainError(Exception):
    """A rule of the product was broken. `message` says what is wrong and what to do.

    Args:
        message: a sentence for the person.
        code: a stable word for programs.
        status: the HTTP status it is answered with.
        errors: messages per field.
        extra: further JSON keys of the answer.
    """

    status: int = status.HTTP_400_BAD_REQUEST
    code = "invalid"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        errors: dict[str, list[str]] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.errors = errors or {}
        self.extra = extra or {}


class NotFound(DomainError):
    """It does not exist, or this person may not know that it does."""

    status = status.HTTP_404_NOT_FOUND
    code = "not_found"


class Forbidden(DomainError):
    """The person is a member, but the role is too low."""

    status = status.HTTP_403_FORBIDDEN
    code = "forbidden"


class Conflict(DomainError):
    """The state has moved on since the caller looked."""

    status = status.HTTP_409_CONFLICT
    code = "conflict"


def check_model(row: Model, *, exclude: Iterable[str] = ()) -> None:
    """Check a row against its fields and constraints before it is saved.

    Raises:
        DomainError: with the messages of each field.
    """
    try:
        row.full_clean(exclude=set(exclude))
    except ModelInvalid as error:
        errors = {
            field.replace(NON_FIELD_ERRORS, "non_field_errors"): msgs for field, msgs in error.message_dict.items()
        }
        raise DomainError(error.messages[0], errors=errors) from error


def _flatten(detail: Any, prefix: str = "") -> dict[str, list[str]]:
    """Turn DRF's nested error detail into {dotted field: [messages]}."""
    if isinstance(detail, dict):
        flat: dict[str, list[str]] = {}
        for key, value in detail.items():
            flat.update(_flatten(value, f"{prefix}.{key}" if prefix else str(key)))
        return flat
    if isinstance(detail, list) and any(isinstance(item, dict | list) for item in detail):
        flat = {}
        for number, item in enumerate(detail):
            if item:
                flat.update(_flatten(item, f"{prefix}.{number}" if prefix else str(number)))
        return flat
    messages = detail if isinstance(detail, list) else [detail]
    return {prefix or "non_field_errors": [str(message) for message in messages]}


def error_body(code: str, message: str, errors: dict[str, list[str]] | None = None, **extra: Any) -> dict[str, Any]:
    """Build the error JSON of the REST contract."""
    return {"code": code, "message": message, "errors": errors or {}, **extra}


def _api_exception_body(exc: APIException) -> dict[str, Any]:
    if isinstance(exc, ValidationError):
        errors = _flatten(exc.detail)
        field, messages = next(iter(errors.items()))
        where = "" if field == "non_field_errors" else f"{field}: "
        return error_body("invalid", f"{where}{messages[0]}", errors)
    return error_body(CODES.get(exc.status_code, exc.default_code), str(exc.detail))


def handle_exception(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: domain errors and framework errors in one JSON shape; the rest is logged."""
    if isinstance(exc, DomainError):
        body = error_body(exc.code, exc.message, exc.errors, **exc.extra)
        return Response(body, status=exc.status)
    if isinstance(exc, Http404):
        return Response(error_body("not_found", "There is nothing at this address."), status=404)
    if isinstance(exc, PermissionDenied):
        return Response(error_body("forbidden", str(exc) or "You may not do this."), status=403)
    response = exception_handler(exc, context)
    if response is None or not isinstance(exc, APIException):
        logger.exception("Unhandled error", exc_info=exc)
        message = "Something went wrong on our side. Nothing was changed; try again, or tell your administrator."
        return Response(error_body("server_error", message), status=500)
    if isinstance(exc, NotAuthenticated):
        response.status_code = status.HTTP_401_UNAUTHORIZED
    response.data = _api_exception_body(exc)
    return response
