"""The loop closed on generated pictures: what `tests/accept/test_loop.py` plays on photographs, in two minutes.

The project begins on a backbone with random weights, so that its head can tell little and a real one is promoted; the
last stage of that learns wrong labels by heart where a linear head on its features does not, and is rejected.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.e2e.pictures import write_folders
from tests.product import make_project, running
from tests.story import PASSWORD, Story, check_archive, truth_by_content
from tests.worker.handlers.trainable import TINY, tiny_weights
from worker.management.truth import folder_labels, read_truth

KINDS = ("bars", "checks", "cross", "disc")
LABELS, EVERY = 120, 60
RULES = {"promotion": "automatic", "gate_margin": 0.1, "gate_class_drop": 0.6}
FREEZE = {"freeze": "last_stage", "patience": 0, "ema_decay": 0.0, "batch_size": 16}
GENTLE = {**FREEZE, "backbone": "tf_efficientnet_lite0", "epochs": 3}
BY_HEART = {**GENTLE, "epochs": 12, "lr": 2e-3, "augmentation": {"crop_scale": 1.0, "flip_horizontal": False}}


@pytest.fixture
def pictures(tmp_path) -> Path:
    write_folders(tmp_path / "pictures", KINDS, each=50)
    return tmp_path / "pictures"


@pytest.mark.timeout(900)
def test_models_are_trained_judged_and_promoted_by_themselves_and_spoilt_labels_taken_back(pictures, tmp_path):
    weights = tiny_weights(tmp_path / "weights")
    with running(tmp_path / "data", ANNOTATOR_WEIGHTS_DIR=str(weights)) as product:
        lead = product.client(product.create_user("lead", PASSWORD))
        project = make_project(lead, "shapes", list(KINDS), backbone=TINY, blind_every=2, reserve_share=0.4)
        base = f"/api/projects/{project}"
        lead.import_files(
            project, [(name, pictures / name) for name in folder_labels(pictures)], name="all", labels="ignore"
        )
        lead.wait_until_idle(project)
        lead.patch(f"{base}/modeling-settings", RULES)
        story = Story.of(product, lead, project, read_truth(pictures))
        body = {"name": "often", "kind": "labels", "every_labels": EVERY, "preset": "balanced", "recipe": GENTLE}
        schedule = f"{base}/schedules/{lead.post(f'{base}/schedules', body)['id']}"

        while story.given < LABELS:
            story.label(EVERY)
            story.wait()
        serving = story.check_that_models_were_promoted(runs=2, promoted=1)
        assert serving["backbone"] == "tf_efficientnet_lite0"

        lead.patch(schedule, {"enabled": False, "recipe": BY_HEART})
        careless, began = story.join("careless"), datetime.now(UTC)
        spoilt = story.spoil(careless, 0.4)
        lead.post(f"{schedule}/fire")
        story.wait()
        story.check_that_the_newest_was_rejected(serving)
        story.take_back("careless", began, spoilt)

        archive = story.export(tmp_path / "curated.zip")
        assert check_archive(archive, truth_by_content(story.truth, story.images())) == LABELS
