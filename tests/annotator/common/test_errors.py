"""Whatever goes wrong, the API answers in one shape."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import serializers
from rest_framework.exceptions import MethodNotAllowed, ParseError, UnsupportedMediaType
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from annotator.accounts.models import User
from annotator.common.errors import Conflict, DomainError, Forbidden, NotFound, check_model


def answer(error: Exception):
    """Return (status, JSON) of a view that raises the error."""

    class Failing(APIView):
        authentication_classes = ()
        permission_classes = ()

        def get(self, request):
            raise error

    response = Failing.as_view()(APIRequestFactory().get("/"))
    return response.status_code, response.data


def test_a_broken_rule_says_what_is_wrong_where_and_what_else_to_know():
    error = DomainError("Too big.", code="too_big", errors={"file": ["Over 100 MB."]}, extra={"limit": 100})

    assert answer(error) == (
        400,
        {"code": "too_big", "message": "Too big.", "errors": {"file": ["Over 100 MB."]}, "limit": 100},
    )


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (DomainError("x"), 400, "invalid"),
        (NotFound("x"), 404, "not_found"),
        (Forbidden("x"), 403, "forbidden"),
        (Conflict("x"), 409, "conflict"),
        (Conflict("x", code="last_lead"), 409, "last_lead"),
        (Http404(), 404, "not_found"),
        (PermissionDenied(), 403, "forbidden"),
        (ParseError(), 400, "parse_error"),
        (MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (UnsupportedMediaType("text/html"), 415, "unsupported_media_type"),
    ],
)
def test_every_error_has_its_status_and_code(error, status, code):
    found, body = answer(error)

    assert (found, body["code"], set(body)) == (status, code, {"code", "message", "errors"})
    assert body["message"]


def test_nested_field_errors_are_flattened_to_dotted_names():
    class Point(serializers.Serializer):
        x = serializers.IntegerField()

    class Shape(serializers.Serializer):
        name = serializers.CharField()
        points = Point(many=True)

    shape = Shape(data={"points": [{"x": 1}, {"x": "left"}]})
    try:
        shape.is_valid(raise_exception=True)
    except serializers.ValidationError as error:
        status, body = answer(error)

    assert status == 400
    assert body["errors"] == {"name": ["This field is required."], "points.1.x": ["A valid integer is required."]}
    assert body["message"] == "name: This field is required."


def test_a_bug_is_logged_and_does_not_tell_its_insides(caplog):
    status, body = answer(ZeroDivisionError("secret detail"))

    assert (status, body["code"]) == (500, "server_error")
    assert "secret" not in body["message"]
    assert "secret detail" in caplog.text


def test_a_row_that_breaks_its_own_rules_names_the_fields(db):
    with pytest.raises(DomainError) as refused:
        check_model(User(username="no spaces please"), exclude=["password"])

    assert list(refused.value.errors) == ["username"]


def test_a_body_that_is_not_json_is_a_parse_error(client_for, db):
    response = client_for().generic("POST", "/api/auth/login", "{not json", content_type="application/json")

    assert (response.status_code, response.json()["code"]) == (400, "parse_error")
