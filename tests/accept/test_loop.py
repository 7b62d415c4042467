"""The loop closed on real photographs: models trained by themselves are promoted by the gate, spoilt labels are not."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tests.measuring import PROJECT, prepare, unpack
from tests.product import running
from tests.story import Story, check_archive, truth_by_content
from worker.management.truth import read_truth

pytestmark = [pytest.mark.accept, pytest.mark.timeout(3 * 3600)]

LABELS, EVERY = 1200, 200
SPOILT = 0.4
CAREFUL = {"promotion": "automatic", "gate_class_drop": 0.4}  # 20 to 30 blind answers a class tell no smaller drop
# Every layer learns, but for a few epochs of light augmentation: two cores without a GPU have minutes, not hours.
RECIPE = {
    "epochs": 6,
    "warmup_epochs": 1,
    "patience": 0,
    "ema_decay": 0.0,
    "drop_path": 0.0,
    "augmentation": {"crop_scale": 0.7, "randaugment_ops": 0},
}


def told(model: dict) -> str:
    """One line on a model."""
    overall = (model["gate"] or {}).get("overall") or {}
    return json.dumps(
        {
            "model": model["name"],
            "state": model["state"],
            "accuracy": model["accuracy"],
            "blind": model["test_size"],
            "difference": overall.get("difference"),
            "lower": overall.get("lower"),
            "why": [reason["message"] for reason in (model["gate"] or {}).get("reasons", [])][:2],
        }
    )


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """Return the unpacked photographs of clothes."""
    return unpack("clothing10", tmp_path_factory.mktemp("clothing"))


def test_from_an_empty_project_to_a_curated_dataset(photographs, tmp_path):
    data = tmp_path / "data"
    token = prepare(photographs, data)
    with running(data) as product:
        lead = product.client(token)
        project = lead.find_project(PROJECT)["id"]
        base = f"/api/projects/{project}"
        lead.patch(base, {"blind_every": 4})
        lead.patch(f"{base}/modeling-settings", CAREFUL)
        labeler = product.create_user("careful", "a long enough password")
        lead.post(f"{base}/members", {"username": "careful", "role": "annotator"})
        story = Story(product, lead, product.client(labeler), project, read_truth(photographs))
        body = {"name": "every 200", "kind": "labels", "every_labels": EVERY, "preset": "best", "recipe": RECIPE}
        schedule = lead.post(f"{base}/schedules", body)

        while story.given < LABELS:
            story.label(EVERY)
            story.wait()
            print(f"\n{story.given} labels", *(told(model) for model in story.models()), sep="\n  ", flush=True)
        the_models_were_trained_judged_and_promoted(story)

        serving = story.serving()["name"]
        lead.patch(f"{base}/schedules/{schedule['id']}", {"enabled": False})
        careless, began = story.join("careless"), datetime.now(UTC).isoformat()
        spoilt = story.spoil(careless, SPOILT)
        assert story.wrong() == spoilt
        lead.post(f"{base}/schedules/{schedule['id']}/fire")
        story.wait()
        newest = story.models()[0]
        print(f"\n{spoilt} labels spoilt", told(newest), sep="\n  ", flush=True)
        assert newest["state"] == "rejected"
        assert newest["gate"]["reasons"]
        assert story.serving()["name"] == serving

        person = next(row["user"]["id"] for row in lead.get(f"{base}/members") if row["user"]["username"] == "careless")
        assert lead.get(f"{base}/members/{person}/retract", since=began)["answers"] == spoilt
        job = lead.post(f"{base}/members/{person}/retract", {"since": began})
        assert lead.wait_for_job(project, job["id"])["result"] == {"undone": spoilt, "kept": 0}
        story.wait()
        assert story.wrong() == 0

        archive = story.export(tmp_path / "curated.zip")
        assert check_archive(archive, truth_by_content(story.truth, story.images())) == LABELS


def the_models_were_trained_judged_and_promoted(story: Story) -> None:
    """At least three models, one of them promoted by the gate; every run has its report; nothing got worse."""
    models = [model for model in story.models() if model["run"]]
    assert len(models) >= 3
    for run in story.runs():
        report = story.lead.get(f"{story.base}/runs/{run['id']}/balance")
        assert len(report["classes"]) == 10
    promoted = [event["data"]["model"] for event in story.events("model_promoted")]
    assert promoted
    for model in models:
        if model["id"] in promoted or model["name"] in promoted:
            assert model["gate"]["decision"] == "promoted"
            assert model["gate"]["overall"]["difference"] > 0
            assert model["gate"]["overall"]["lower"] > -0.01
