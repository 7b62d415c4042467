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
        story = Story.of(product, lead, project, read_truth(photographs))
        body = {"name": "every 200", "kind": "labels", "every_labels": EVERY, "preset": "best", "recipe": RECIPE}
        schedule = lead.post(f"{base}/schedules", body)

        while story.given < LABELS:
            story.label(EVERY)
            story.wait()
            print(f"\n{story.given} labels", *(told(model) for model in story.models()), sep="\n  ", flush=True)
        serving = story.check_that_models_were_promoted(runs=3, promoted=1)

        lead.patch(f"{base}/schedules/{schedule['id']}", {"enabled": False})
        careless, began = story.join("careless"), datetime.now(UTC)
        spoilt = story.spoil(careless, SPOILT)
        lead.post(f"{base}/schedules/{schedule['id']}/fire")
        story.wait()
        print(f"\n{spoilt} labels spoilt", told(story.models()[0]), sep="\n  ", flush=True)
        story.check_that_the_newest_was_rejected(serving)
        story.take_back("careless", began, spoilt)

        archive = story.export(tmp_path / "curated.zip")
        assert check_archive(archive, truth_by_content(story.truth, story.images())) == LABELS
