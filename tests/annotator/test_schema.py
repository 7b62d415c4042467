"""The OpenAPI schema: complete, and true enough that requests made from it never break the server."""

from __future__ import annotations

import os

import pytest
import requests
import schemathesis
from django.core.management import call_command
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient
from schemathesis import GenerationMode

from annotator.accounts.services import create_token
from annotator.events.services import create_webhook, send_test
from annotator.images.models import ImportBatch
from annotator.jobs.models import JobKind
from annotator.jobs.services import enqueue
from annotator.modeling.services import create_schedule
from tests.annotator.modeling.made import make_model
from tests.annotator.modeling.runs import label_some, make_run
from tests.factories import make_image, make_project, make_user

EXAMPLES = int(os.environ.get("ANNOTATOR_FUZZ_EXAMPLES", "6"))  # requests an operation, of right and of wrong data each


@pytest.fixture
def document(tmp_path):
    path = tmp_path / "openapi.json"
    call_command("spectacular", file=str(path), format="openapi-json", validate=True, fail_on_warn=True)
    return path


def test_the_schema_is_valid_and_generated_without_warnings(document):
    operations = list(schemathesis.openapi.from_path(document).get_all_operations())

    assert len(operations) > 50


@pytest.fixture
def world(db):
    """Return a client signed in as a site admin, and the ids of things that are there."""
    admin = make_user("admin", admin=True)
    project = make_project(lead=admin)
    label_some(project)
    webhook, _ = create_webhook(project=project, user=admin, url="https://example.org/", kinds=["import_finished"])
    known = {
        "project_id": project.pk,
        "class_id": project.classes.get(name="cat").pk,
        "image_id": make_image(project).pk,
        "batch_id": ImportBatch.objects.create(project=project, name="photos", created_by=admin).pk,
        "job_id": enqueue(kind=JobKind.EMBED, project=project).pk,
        "token_id": create_token(user=admin, name="fuzz")[0].pk,
        "user_id": admin.pk,
        "schedule_id": create_schedule(project=project, user=admin, name="often", kind="labels", every_labels=9).pk,
        "model_id": make_model(project).pk,
        "run_id": make_run(project).pk,
        "webhook_id": webhook.pk,
        "delivery_id": send_test(webhook=webhook).pk,
    }
    client = APIClient(raise_request_exception=False)
    client.force_authenticate(admin)
    return client, known


def _send(client, case):
    """Send a generated request through Django's own client, which keeps the test's transaction."""
    wire = requests.Request(**case.as_transport_kwargs(base_url="http://testserver")).prepare()
    kind = wire.headers.pop("Content-Type", "application/json")
    return client.generic(wire.method, wire.path_url, wire.body or b"", content_type=kind, headers=dict(wire.headers))


def test_no_request_made_from_the_schema_breaks_the_server(world, document):
    client, known = world
    schema = schemathesis.openapi.from_path(document)
    broken = []

    for found in schema.get_all_operations():
        operation = found.ok()
        takes_data = bool(operation.body) or bool(operation.query)
        for mode in list(GenerationMode) if takes_data else [GenerationMode.POSITIVE]:

            @settings(
                max_examples=EXAMPLES,
                deadline=None,
                database=None,
                derandomize=True,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode), exists=st.booleans())
            def ask(case, exists):
                if exists:
                    case.path_parameters |= {name: known[name] for name in known if name in case.path_parameters}
                with transaction.atomic():
                    response = _send(client, case)
                    transaction.set_rollback(True)
                if response.status_code == 500:
                    broken.append(case.as_curl_command())

            ask()

    assert broken == []
