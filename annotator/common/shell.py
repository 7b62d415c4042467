"""What the product answers outside the REST API: the web page, the health check, and errors of Django itself."""

import logging
from http import HTTPStatus
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError

from annotator.celery import app as celery_app
from annotator.common.errors import error_body

logger = logging.getLogger(__name__)

NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>The page is not built yet</title>
<body style="font: 16px/1.5 system-ui; max-width: 40rem; margin: 4rem auto; padding: 0 1rem">
<h1>The page is not built yet</h1>
<p>The server runs, but the web page has not been built on this machine. Build it once with</p>
<pre>make setup</pre>
<p>and load this address again. The REST API works already: see <a href="/api/docs/">its description</a>.</p>
"""


def _database_state() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        logger.warning("The database does not answer: %s", error)
        return "down"
    return "ok"


def _broker_state() -> str:
    with celery_app.connection_for_write(transport_options={"socket_connect_timeout": 2}) as link:
        try:
            link.default_channel.client.ping()
        except OperationalError as error:
            logger.warning("The broker does not answer: %s", error)
            return "down"
    return "ok"


@never_cache
@require_safe
def health(_: HttpRequest) -> JsonResponse:
    """Tell a load balancer whether this process can do its work: 200, or 503 with what is down."""
    parts = {"database": _database_state(), "broker": _broker_state()}
    well = set(parts.values()) == {"ok"}
    code = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
    return JsonResponse({"status": "ok" if well else "down", **parts}, status=code)


@never_cache
@require_safe
def page(_: HttpRequest) -> HttpResponse:
    """Answer every address of the web page with the same document; its script shows the right room."""
    index = Path(settings.WEB_DIR) / "index.html"
    if not index.is_file():
        return HttpResponse(NOT_BUILT, status=HTTPStatus.SERVICE_UNAVAILABLE)
    return HttpResponse(index.read_bytes())


@csrf_exempt
def unknown_api_address(_: HttpRequest) -> JsonResponse:
    """Answer an address that the API does not have as the API answers everything."""
    return JsonResponse(error_body("not_found", "The API has no such address; see /api/docs/."), status=404)


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Django's 500: JSON for the API, a plain line for a browser. What went wrong is in the log."""
    message = "Something went wrong on our side. Nothing was changed; try again, or tell your administrator."
    if request.path.startswith("/api/"):
        return JsonResponse(error_body("server_error", message), status=500)
    return HttpResponse(f"{message}\n", status=500, content_type="text/plain")
