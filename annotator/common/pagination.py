"""Paging by key: a page starts after the last key seen, so that the millionth row costs what the first did."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from rest_framework.request import Request

from annotator.common.errors import DomainError

Row = TypeVar("Row", bound=Model)


def whole_number(request: Request, name: str, default: int, *, low: int = 0, high: int = 2**62) -> int:
    """Read a whole number from the query string, or raise a DomainError that names it."""
    raw = request.query_params.get(name)
    if raw is None or raw == "":
        return default
    try:
        value = int(raw)
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        message = f"{name} must be a whole number from {low} to {high}."
        raise DomainError(message, errors={name: [message]})
    return value


def page_by_key(
    request: Request,
    queryset: QuerySet[Row],
    show: Callable[[Row], Any],
    *,
    key: str = "id",
    newest_first: bool = False,
    limit: int = 100,
    max_limit: int = 1000,
) -> dict[str, Any]:
    """Return {"results": […], "next": key or null} for `?after=&limit=`, ordered by the unique column `key`."""
    after = request.query_params.get("after")
    size = whole_number(request, "limit", limit, low=1, high=max_limit)
    if after not in (None, ""):
        start = whole_number(request, "after", 0, low=-1)
        queryset = queryset.filter(**{f"{key}__{'lt' if newest_first else 'gt'}": start})
    rows = list(queryset.order_by(f"-{key}" if newest_first else key)[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    return {"results": [show(row) for row in rows], "next": getattr(rows[-1], key) if more else None}
