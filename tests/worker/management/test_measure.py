"""`annotator measure`: a table of how fast backbones are here."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command

from worker.ml import rates
from worker.ml.backbones import PRESETS


@pytest.fixture(autouse=True)
def timed(monkeypatch, settings, tmp_path):
    settings.RATES_DIR = tmp_path
    monkeypatch.setattr(rates, "measure", lambda name: 41.66)


def test_what_is_named_is_measured_and_kept(capsys):
    call_command("measure", "resnet50", "resnet18", "--json")
    rows = json.loads(capsys.readouterr().out)
    assert [(row["name"], row["images_per_second"]) for row in rows] == [("resnet50", 41.7), ("resnet18", 41.7)]
    assert rows[0]["family"] == "ResNet"

    call_command("measure", "--known", "--json")
    known = {row["name"]: row["images_per_second"] for row in json.loads(capsys.readouterr().out)}
    assert list(known) == list(PRESETS)
    assert (known["resnet50"], known["convnext_tiny"]) == (41.7, None)


def test_it_prints_a_line_for_each(capsys):
    call_command("measure", "resnet50", "tf_efficientnet_lite0")
    first, second = capsys.readouterr().out.splitlines()
    assert first.split() == ["resnet50", "23.5", "M,", "224", "px", "41.7", "images/s"]
    assert second.endswith("weights at hand")


def test_a_name_that_timm_does_not_know_is_refused_before_anything_is_measured(tmp_path):
    with pytest.raises(CommandError, match="no model named 'resnet5000'"):
        call_command("measure", "resnet50", "resnet5000")
    assert rates.measured(tmp_path) == {}
