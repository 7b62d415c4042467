"""Who may do what: every route and method of the API against every role, and none left out."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.urls import URLPattern, get_resolver
from django.utils import timezone

from annotator.accounts.models import User
from annotator.accounts.services import create_token
from annotator.common.blobs import blob_key
from annotator.events.services import create_webhook, send_test
from annotator.images.models import ImportBatch
from annotator.images.services import set_holdout
from annotator.jobs.models import JobKind
from annotator.jobs.services import enqueue
from annotator.labeling.models import Case, VerifyPage
from annotator.modeling.services import create_schedule
from annotator.projects.models import Role
from tests.annotator.modeling.balanced import make_run
from tests.annotator.modeling.made import make_model
from tests.annotator.snapshots.frozen import make_export, make_snapshot
from tests.factories import add_member, make_image, make_project, make_user

WHO = ("anonymous", "outsider", "viewer", "annotator", "reviewer", "lead", "admin")

# A 400 in the table is a request that was let through and then found to be incomplete.
TABLE = """
GET    auth/me                                            200 200 200 200 200 200 200
POST   auth/login                                         400 400 400 400 400 400 400
POST   auth/logout                                        401 204 204 204 204 204 204
GET    auth/me/preferences                                401 200 200 200 200 200 200
PATCH  auth/me/preferences                                401 200 200 200 200 200 200
POST   auth/password                                      401 400 400 400 400 400 400
GET    auth/tokens                                        401 200 200 200 200 200 200
POST   auth/tokens                                        401 201 201 201 201 201 201
DELETE auth/tokens/{token_id}                             401 404 404 404 404 204 404
GET    users                                              401 403 403 403 403 403 200
POST   users                                              401 403 403 403 403 403 201
PATCH  users/{user_id}                                    401 403 403 403 403 403 200
POST   users/{user_id}/password                           401 403 403 403 403 403 200
GET    projects/{project_id}                              401 404 200 200 200 200 200
PATCH  projects/{project_id}                              401 404 403 403 403 200 200
DELETE projects/{project_id}                              401 404 403 403 403 204 204
GET    projects/{project_id}/classes                      401 404 200 200 200 200 200
POST   projects/{project_id}/classes                      401 404 403 403 403 201 201
PATCH  projects/{project_id}/classes/{class_id}           401 404 403 403 403 200 200
GET    projects/{project_id}/members                      401 404 200 200 200 200 200
POST   projects/{project_id}/members                      401 404 403 403 403 201 201
PATCH  projects/{project_id}/members/{user_id}            401 404 403 403 403 200 200
DELETE projects/{project_id}/members/{user_id}            401 404 403 403 403 204 204
GET    projects/{project_id}/events                       401 404 200 200 200 200 200
GET    notifications                                      401 200 200 200 200 200 200
POST   notifications/read                                 401 200 200 200 200 200 200
GET    projects/{project_id}/webhooks                     401 404 403 403 403 200 200
POST   projects/{project_id}/webhooks                     401 404 403 403 403 201 201
PATCH  projects/{project_id}/webhooks/{webhook_id}        401 404 403 403 403 200 200
DELETE projects/{project_id}/webhooks/{webhook_id}        401 404 403 403 403 204 204
POST   projects/{project_id}/webhooks/{webhook_id}/secret 401 404 403 403 403 200 200
POST   projects/{project_id}/webhooks/{webhook_id}/test   401 404 403 403 403 202 202
GET    projects/{project_id}/webhooks/{webhook_id}/deliveries 401 404 403 403 403 200 200
POST   projects/{project_id}/deliveries/{delivery_id}/retry 401 404 403 403 403 202 202
GET    projects/{project_id}/jobs                         401 404 200 200 200 200 200
GET    projects/{project_id}/jobs/{job_id}                401 404 200 200 200 200 200
POST   projects/{project_id}/jobs/{job_id}/cancel         401 404 403 403 403 200 200
POST   projects/{project_id}/jobs/{job_id}/retry          401 404 403 403 403 409 409
GET    workers                                            401 200 200 200 200 200 200
GET    jobs                                               401 403 403 403 403 403 200
POST   jobs/{job_id}/cancel                               401 403 403 403 403 403 200
POST   jobs/{job_id}/retry                                401 403 403 403 403 403 409
GET    storage                                            401 403 403 403 403 403 200
POST   storage/collect                                    401 403 403 403 403 403 202
POST   projects/{project_id}/delete                       401 404 403 403 403 409 409
GET    projects/{project_id}/imports                      401 404 200 200 200 200 200
POST   projects/{project_id}/imports                      401 404 403 403 403 201 201
GET    projects/{project_id}/imports/{batch_id}           401 404 200 200 200 200 200
POST   projects/{project_id}/imports/{batch_id}/files     401 404 403 403 403 400 400
POST   projects/{project_id}/imports/{batch_id}/start     401 404 403 403 403 400 400
GET    projects/{project_id}/imports/{batch_id}/rejected  401 404 200 200 200 200 200
GET    projects/{project_id}/images                       401 404 200 200 200 200 200
GET    projects/{project_id}/images/{image_id}            401 404 200 200 200 200 200
GET    projects/{project_id}/images/{image_id}/similar    401 404 200 200 200 200 200
GET    projects/{project_id}/blobs/{sha256}/{variant}     401 404 200 200 200 200 200
GET    projects/{project_id}/suggestions                  401 404 200 200 200 200 200
POST   projects/{project_id}/lease                        401 404 403 200 200 200 200
GET    projects/{project_id}/focus                        401 404 403 200 200 200 200
PUT    projects/{project_id}/focus                        401 404 403 403 403 200 200
DELETE projects/{project_id}/focus                        401 404 403 403 403 404 404
GET    projects/{project_id}/classes/{class_id}/guide     401 404 403 200 200 200 200
POST   projects/{project_id}/classes/{class_id}/examples  401 404 403 403 403 201 201
DELETE projects/{project_id}/classes/{class_id}/examples  401 404 403 403 403 404 404
GET    projects/{project_id}/images/{image_id}/neighbours 401 404 403 200 200 200 200
POST   projects/{project_id}/release                      401 404 403 204 204 204 204
GET    projects/{project_id}/annotations                  401 404 403 200 200 200 200
POST   projects/{project_id}/annotations                  401 404 403 400 400 400 400
POST   projects/{project_id}/refresh                      401 404 403 202 202 202 202
GET    projects/{project_id}/selection                    401 404 200 200 200 200 200
POST   projects/{project_id}/selection                    401 404 403 403 403 409 409
GET    projects/{project_id}/holdouts                     401 404 200 200 200 200 200
POST   projects/{project_id}/holdouts                     401 404 403 403 403 400 400
DELETE projects/{project_id}/holdouts/{name}              401 404 403 403 403 204 204
POST   projects/{project_id}/reserve/release              401 404 403 403 403 200 200
POST   projects/{project_id}/imports/{batch_id}/undo      401 404 403 403 403 409 409
GET    projects/{project_id}/members/{user_id}/retract    401 404 403 403 403 400 400
POST   projects/{project_id}/members/{user_id}/retract    401 404 403 403 403 400 400
GET    projects/{project_id}/verify                       401 404 403 200 200 200 200
POST   projects/{project_id}/verify/pages                 401 404 403 200 200 200 200
POST   projects/{project_id}/verify/pages/{page_id}/confirm 401 404 403 404 404 400 404
POST   projects/{project_id}/verify/pages/{page_id}/undo  401 404 403 404 404 400 404
POST   projects/{project_id}/verify/release               401 404 403 204 204 204 204
GET    projects/{project_id}/verify/misses                401 404 403 200 200 200 200
GET    projects/{project_id}/cases                        401 404 403 200 200 200 200
GET    projects/{project_id}/cases/{case_id}              401 404 403 404 200 200 200
POST   projects/{project_id}/cases/{case_id}/comments     401 404 403 404 201 201 201
POST   projects/{project_id}/cases/{case_id}/resolve      401 404 403 403 400 400 400
POST   projects/{project_id}/cases/{case_id}/send_back    401 404 403 403 400 400 400
POST   projects/{project_id}/cases/{case_id}/reopen       401 404 403 403 409 409 409
GET    projects/{project_id}/agreement                    401 404 403 403 200 200 200
GET    projects/{project_id}/duplicates                   401 404 200 200 200 200 200
POST   projects/{project_id}/duplicates/find              401 404 403 403 403 202 202
POST   projects/{project_id}/duplicates/{group}/split     401 404 403 403 404 404 404
GET    projects/{project_id}/snapshots                    401 404 200 200 200 200 200
POST   projects/{project_id}/snapshots                    401 404 403 403 403 202 202
GET    projects/{project_id}/snapshots/{snapshot_id}      401 404 200 200 200 200 200
PATCH  projects/{project_id}/snapshots/{snapshot_id}      401 404 403 403 403 200 200
GET    projects/{project_id}/snapshots/{snapshot_id}/rows 401 404 403 403 200 200 200
GET    projects/{project_id}/exports                      401 404 403 403 200 200 200
POST   projects/{project_id}/exports                      401 404 403 403 202 202 202
DELETE projects/{project_id}/exports/{export_id}          401 404 403 403 403 204 204
GET    projects/{project_id}/exports/{export_id}/download 401 404 403 403 200 200 200
GET    projects/{project_id}/runs                         401 404 200 200 200 200 200
POST   projects/{project_id}/runs                         401 404 403 403 403 400 400
GET    projects/{project_id}/runs/{run_id}                401 404 200 200 200 200 200
POST   projects/{project_id}/runs/{run_id}/cancel         401 404 403 403 403 404 404
GET    projects/{project_id}/recipes                      401 404 200 200 200 200 200
GET    projects/{project_id}/models                       401 404 200 200 200 200 200
GET    projects/{project_id}/models/{model_id}            401 404 200 200 200 200 200
GET    projects/{project_id}/models/{model_id}/cell       401 404 403 403 400 400 400
GET    projects/{project_id}/models/{model_id}/download   401 404 403 403 200 200 200
GET    projects/{project_id}/models/{model_id}/card       401 404 200 200 200 200 200
POST   projects/{project_id}/models/{model_id}/promote    401 404 403 403 403 202 202
POST   projects/{project_id}/models/{model_id}/try        401 404 403 415 415 415 415
GET    projects/{project_id}/backbone                     401 404 200 200 200 200 200
POST   projects/{project_id}/backbone                     401 404 403 403 403 400 400
POST   projects/{project_id}/backbone/measure             401 404 403 403 403 202 202
GET    projects/{project_id}/modeling-settings            401 404 200 200 200 200 200
PATCH  projects/{project_id}/modeling-settings            401 404 403 403 403 200 200
GET    projects                                           401 200 200 200 200 200 200
POST   projects                                           401 201 201 201 201 201 201
GET    presets                                            401 200 200 200 200 200 200
GET    projects/{project_id}/pulse                        401 404 200 200 200 200 200
GET    projects/{project_id}/overview                     401 404 200 200 200 200 200
GET    projects/{project_id}/heads                        401 404 200 200 200 200 200
GET    projects/{project_id}/balance                      401 404 200 200 200 200 200
GET    projects/{project_id}/balance-report               401 404 200 200 200 200 200
GET    projects/{project_id}/runs/{run_id}/balance        401 404 200 200 200 200 200
GET    projects/{project_id}/gallery                      401 404 200 200 200 200 200
GET    projects/{project_id}/schedules                    401 404 200 200 200 200 200
POST   projects/{project_id}/schedules                    401 404 403 403 403 201 201
GET    projects/{project_id}/schedules/{schedule_id}      401 404 200 200 200 200 200
PATCH  projects/{project_id}/schedules/{schedule_id}      401 404 403 403 403 200 200
DELETE projects/{project_id}/schedules/{schedule_id}      401 404 403 403 403 204 204
POST   projects/{project_id}/schedules/{schedule_id}/fire 401 404 403 403 403 400 400
GET    projects/{project_id}/firings                      401 404 200 200 200 200 200
GET    timezones                                          401 200 200 200 200 200 200
GET    schema/                                            200 200 200 200 200 200 200
GET    docs/                                              200 200 200 200 200 200 200
"""

BODIES: dict[str, Any] = {
    "POST auth/login": {"username": "nobody", "password": "wrong"},
    "POST auth/tokens": {"name": "script"},
    "POST users": {"username": "newcomer", "password": "correct horse"},
    "POST projects": {"name": "Fruit"},
    "POST projects/{project_id}/delete": {"name": "project"},
    "POST projects/{project_id}/classes": {"names": ["bird"]},
    "POST projects/{project_id}/members": {"username": "outsider", "role": "viewer"},
    "PATCH projects/{project_id}/members/{user_id}": {"role": "reviewer"},
    "POST projects/{project_id}/imports": {"labels": "ignore"},
    "POST notifications/read": {"all": True},
    "POST projects/{project_id}/webhooks": {"url": "https://example.org/hook", "kinds": ["import_finished"]},
    "PATCH projects/{project_id}/webhooks/{webhook_id}": {"enabled": False},
    "PUT projects/{project_id}/focus": {"class": "class_id"},
    "POST projects/{project_id}/classes/{class_id}/examples": {"image": "image_id"},
    "POST projects/{project_id}/lease": {"count": 1},
    "POST projects/{project_id}/release": {"tasks": []},
    "POST projects/{project_id}/verify/pages": {"class": "class_id"},
    "POST projects/{project_id}/verify/release": {"pages": []},
    "POST projects/{project_id}/cases/{case_id}/comments": {"text": "A cat, or not?"},
    "POST projects/{project_id}/holdouts": {"name": "exam", "images": []},
    "POST projects/{project_id}/snapshots": {},
    "PATCH projects/{project_id}/snapshots/{snapshot_id}": {"archived": True},
    "POST projects/{project_id}/schedules": {"name": "nightly", "kind": "cron", "cron": "30 2 * * *"},
    "PATCH projects/{project_id}/schedules/{schedule_id}": {"enabled": False},
    "POST projects/{project_id}/exports": {"snapshot": "snapshot_id", "format": "csv"},
}


def api_routes() -> dict[str, type]:
    """Return the view class of every address under /api/, with `{name}` for the parts that vary."""
    found = {}
    for pattern in get_resolver().url_patterns:
        assert isinstance(pattern, URLPattern), "urls.py is one flat list"
        view = getattr(pattern.callback, "view_class", None) or getattr(pattern.callback, "cls", None)
        if view is not None:
            found[re.sub(r"<\w+:(\w+)>", r"{\1}", str(pattern.pattern)).removeprefix("api/")] = view
    return found


def methods(view: type) -> list[str]:
    """Return the methods that a view answers on purpose."""
    return [name.upper() for name in view.http_method_names if name != "options" and hasattr(view, name)]


def expected() -> dict[str, tuple[int, ...]]:
    """Read the table: {"GET projects": (401, 200, …)} in the order of WHO."""
    rows = [line.split() for line in TABLE.strip().splitlines()]
    return {f"{method} {route}": tuple(map(int, statuses)) for method, route, *statuses in rows}


@dataclass
class World:
    """One project with a person of each role, and one of everything that an address can name."""

    people: dict[str, User | None]
    parts: dict[str, Any]


@pytest.fixture
def world(db, settings) -> World:
    lead = make_user("lead")
    project = make_project(lead=lead)
    people: dict[str, User | None] = {"anonymous": None, "outsider": make_user("outsider"), "lead": lead}
    for role in (Role.VIEWER, Role.ANNOTATOR, Role.REVIEWER):
        people[role.label] = add_member(project, role, make_user(role.label))
    people["admin"] = make_user("admin", admin=True)
    image = make_image(project)
    thumb = settings.BLOB_DIR / blob_key(image.sha256, "thumb")
    thumb.parent.mkdir(parents=True)
    thumb.write_bytes(b"a picture")
    set_holdout(project=project, name="exam", image_ids=[make_image(project).pk], user=lead)
    batch = ImportBatch.objects.create(project=project, name="photos", created_by=lead)
    job = enqueue(kind=JobKind.EMBED, project=project)
    snapshot = make_snapshot(project)
    webhook, _ = create_webhook(project=project, user=lead, url="https://example.org/", kinds=["import_finished"])
    parts = {
        "project_id": project.pk,
        "webhook_id": webhook.pk,
        "delivery_id": send_test(webhook=webhook).pk,
        "user_id": add_member(project, Role.VIEWER, make_user("somebody")).pk,
        "class_id": project.classes.get(name="cat").pk,
        "token_id": create_token(user=lead, name="the lead's")[0].pk,
        "batch_id": batch.pk,
        "job_id": job.pk,
        "image_id": image.pk,
        "case_id": Case.objects.create(project=project, image=image, kind="flag", opened_by=lead).pk,
        "sha256": image.sha256,
        "variant": "thumb",
        "name": "exam",
        "group": 0,
        "snapshot_id": snapshot.pk,
        "page_id": VerifyPage.objects.create(project=project, user=lead, size=0, lease_expires_at=timezone.now()).pk,
        "schedule_id": create_schedule(project=project, user=lead, name="often", kind="labels", every_labels=9).pk,
        "run_id": make_run(project, snapshot, report=True).pk,
        "export_id": make_export(snapshot).pk,
        "model_id": make_model(project).pk,
    }
    return World(people, parts)


@pytest.mark.parametrize("line", expected())
def test_each_role_gets_what_the_table_says(line, world, client_for):
    method, route = line.split()
    address = "/api/" + route.format(**world.parts)
    found = []
    for who in WHO:
        with transaction.atomic():
            client = client_for(world.people[who])
            response = client.generic(method, address, **_body(line, world))
            transaction.set_rollback(True)
        found.append(response.status_code)
    assert dict(zip(WHO, found, strict=True)) == dict(zip(WHO, expected()[line], strict=True))


def _body(line: str, world: World) -> dict[str, Any]:
    if line.endswith("/files"):
        return {"content_type": "multipart/form-data; boundary=x", "data": "--x--\r\n"}
    body = {
        name: world.parts.get(value, value) if isinstance(value, str) else value
        for name, value in BODIES.get(line, {}).items()
    }
    return {"content_type": "application/json", "data": json.dumps(body)}


def test_the_table_names_every_route_and_method():
    there = {f"{method} {route}" for route, view in api_routes().items() for method in methods(view)}

    assert set(expected()) == there


def test_a_method_that_a_route_does_not_have_is_refused_to_everybody(world, client_for):
    admin = client_for(world.people["admin"])
    for route, view in api_routes().items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - set(methods(view)):
            response = admin.generic(method, "/api/" + route.format(**world.parts))
            assert response.status_code == 405, f"{method} {route}"


def test_an_address_that_the_api_does_not_have_is_a_404_in_json(client_for, db):
    for method in ("GET", "POST", "DELETE"):
        response = client_for().generic(method, "/api/nothing/here")
        assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_nothing_of_another_project_is_reached_through_ones_own(world, client_for):
    stranger = make_user("stranger")
    parts = world.parts | {"project_id": make_project(lead=stranger).pk}
    client = client_for(stranger)
    for line in expected():
        method, route = line.split()
        if route.count("{") > 1:
            response = client.generic(method, "/api/" + route.format(**parts), **_body(line, world))
            assert response.status_code == 404, line
