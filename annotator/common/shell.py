"""What the product answers outside the REST API: the web page, and errors of Django itself."""

from http import HTTPStatus
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from annotator.common.errors import error_body

NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>The page is not built yet</title>
<body style="font: 16px/1.5 system-ui; max-width: 40rem; margin: 4rem auto; padding: 0 1rem">
<h1>The page is not built yet</h1>
<p>The server runs, but the web page has not been built on this machine. Build it once with</p>
<pre>make setup</pre>
<p>and load this address again. The REST API works already: see <a href="/api/docs/">its description</a>.</p>
"""


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
