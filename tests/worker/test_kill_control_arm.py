"""A measurement of the control arm killed at any moment is made once by the next attempt, the same as ever."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from annotator.events.models import Event
from annotator.jobs.models import Job
from annotator.labeling.models import SelectionGain
from annotator.labeling.services import request_measurement
from tests.factories import make_user
from tests.worker.handlers.arms import two_armed
from tests.worker.killing import Trial

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.kill]


def a_measurement() -> Job:
    """A project with labels in both arms."""
    with tempfile.TemporaryDirectory() as folder:
        project = two_armed(Path(folder), lead=make_user("lead"), name="pets", lot_key="0" * 32)
    return request_measurement(project=project)


def nothing() -> None:
    """The child needs no preparation."""


def everything() -> dict[str, Any]:
    """Return rows and files, without clocks and attempt numbers."""
    return {
        "gains": list(SelectionGain.objects.values_list("project", "control", "chosen", "test_size", "result")),
        "events": sorted(Event.objects.values_list("kind", flat=True)),
        "jobs": list(Job.objects.order_by("id").values_list("kind", "state", "result")),
        "scratch": [path.name for path in settings.SCRATCH_DIR.glob("job-*")],
    }


def kill(folder: Path, count: int) -> None:
    trial = Trial(a_measurement, folder, prepare=nothing, everything=everything)
    assert len(trial.expected["gains"]) == 1
    last = len(trial.milestones) - 1
    for milestone in sorted({round(part * last / (count - 1)) for part in range(count)}):
        trial.kill_at(milestone)


def test_killed_at_four_points(tmp_path):
    kill(tmp_path, 4)


@pytest.mark.accept
@pytest.mark.timeout(1800)
def test_killed_at_twenty_points(tmp_path):
    kill(tmp_path, 20)
