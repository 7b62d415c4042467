"""How fast backbones are on this machine: timed with random weights, kept by machine and version."""

from __future__ import annotations

import pytest

from tests.worker.ml.conftest import TINY
from worker.ml import rates
from worker.ml.engine import measure_rate


def test_a_backbone_is_timed_without_its_weights_and_the_rate_is_kept(tmp_path):
    rate = rates.measure(TINY, seconds=0.05)

    assert rate > 0
    noted = rates.note(tmp_path, TINY, rate)
    assert rates.measured(tmp_path) == {TINY: noted}
    assert noted.images_per_second == round(rate, 1)


def test_a_newer_rate_takes_the_place_of_an_older_one(tmp_path):
    for rate in (1.0, 2.0):
        rates.note(tmp_path, "convnext_tiny.dinov3_lvd1689m", rate)
    assert rates.measured(tmp_path)["convnext_tiny.dinov3_lvd1689m"].images_per_second == 2.0


def test_another_device_or_library_knows_nothing_of_it(tmp_path, monkeypatch):
    rates.note(tmp_path, "resnet50", 40.0)
    about = rates.describe_device()
    monkeypatch.setattr(rates, "describe_device", lambda: about | {"name": "another"})
    assert rates.measured(tmp_path) == {}
    monkeypatch.undo()
    monkeypatch.setattr(rates, "_version", lambda library: "9.9")
    assert rates.measured(tmp_path) == {}
    rates.note(tmp_path, "resnet50", 60.0)
    monkeypatch.undo()
    assert rates.measured(tmp_path)["resnet50"].images_per_second == 40.0


@pytest.mark.parametrize("content", ["", "{", "[]", '{"speed": 1}', "\x00"])
def test_a_damaged_file_is_as_if_it_were_not_there(tmp_path, content):
    rates.note(tmp_path, "resnet50", 40.0)
    next(tmp_path.rglob("*.json")).write_text(content)
    assert rates.measured(tmp_path) == {}


def test_before_anything_was_measured_nothing_is_known(tmp_path):
    assert rates.measured(tmp_path / "nowhere") == {}


def test_a_name_that_timm_does_not_know_is_refused():
    with pytest.raises(ValueError, match="no model named"):
        rates.measure("resnet5000")


def test_the_rate_of_any_backbone_can_be_measured(tiny):
    assert measure_rate(tiny, seconds=0.01) > 0
