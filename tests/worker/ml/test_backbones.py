"""A backbone comes with real weights or not at all, and says what to do when they are missing."""

from __future__ import annotations

import pytest
import timm
import torch
from safetensors.torch import load_file, save_file

from tests.worker.ml.conftest import TINY
from worker.ml import backbones
from worker.ml.backbones import DEFAULT_PRESET, PRESETS, WeightsUnavailable, load_backbone, weights_at_hand
from worker.ml.device import Compute, best_compute, describe_device


@pytest.fixture(scope="module")
def default():
    return load_backbone(DEFAULT_PRESET, compute=Compute(torch.device("cpu"), torch.float32))


def test_the_default_loads_without_a_network(default):
    preset = PRESETS[DEFAULT_PRESET]

    assert DEFAULT_PRESET in weights_at_hand()
    assert (default.dim, default.input_px) == (preset.dim, preset.input_px) == (1280, 224)
    assert not default.model.training


def test_the_wheels_entries_equal_timms_in_order_and_shape(default):
    state = torch.load(backbones._wheel_weights(), weights_only=True)
    expected = timm.create_model(DEFAULT_PRESET).state_dict()

    assert [entry.shape for entry in state.values()] == [entry.shape for entry in expected.values()]
    loaded = default.model.state_dict()
    for name, entry in zip(expected, state.values(), strict=True):
        assert name.startswith("classifier") or torch.equal(loaded[name], entry)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=list(PRESETS))
def test_every_preset_is_a_timm_model_of_the_stated_size(preset):
    with torch.device("meta"):
        model = timm.create_model(preset.name, num_classes=0)

    parameters = sum(parameter.numel() for parameter in model.parameters())
    assert parameters / 1e6 == pytest.approx(preset.params_m, abs=0.1)
    assert preset.dim == (getattr(model, "head_hidden_size", None) or model.num_features)


def test_weights_in_the_folder_are_used(weights_folder, tiny):
    state = load_file(weights_folder / f"{TINY}.safetensors")
    assert all(torch.equal(entry, state[name]) for name, entry in tiny.model.state_dict().items())
    assert tiny.input_px == 160


def test_the_same_weights_have_the_same_fingerprint(weights_folder, tiny, tmp_path):
    state = load_file(weights_folder / f"{TINY}.safetensors")
    save_file({**state, "conv_stem.weight": state["conv_stem.weight"] * 2}, tmp_path / f"{TINY}.safetensors")

    assert load_backbone(TINY, weights_folder=weights_folder).fingerprint == tiny.fingerprint
    assert load_backbone(TINY, weights_folder=tmp_path).fingerprint != tiny.fingerprint


def test_a_preset_is_at_hand_once_its_file_lies_in_the_folder(tmp_path):
    assert "resnet50" not in weights_at_hand(tmp_path)
    (tmp_path / "resnet50.safetensors").touch()
    assert "resnet50" in weights_at_hand(tmp_path)


def test_missing_weights_are_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(WeightsUnavailable, match="No weights for resnet50") as caught:
        load_backbone("resnet50", weights_folder=tmp_path)
    assert caught.value.code == "weights_unavailable"
    assert "resnet50.safetensors" in caught.value.hint


def test_without_the_wheel_the_default_is_missing_too(monkeypatch):
    monkeypatch.setattr(backbones, "WHEEL_PACKAGE", "no_such_package")
    assert DEFAULT_PRESET not in weights_at_hand()
    with pytest.raises(WeightsUnavailable):
        load_backbone(DEFAULT_PRESET)


def incomplete(state):
    return {name: entry for name, entry in state.items() if name != "bn1.weight"}


def misshapen(state):
    return {**state, "conv_stem.weight": torch.zeros(1)}


@pytest.mark.parametrize("damage", [incomplete, misshapen])
def test_weights_that_do_not_fit_are_refused(weights_folder, tmp_path, damage):
    save_file(damage(load_file(weights_folder / f"{TINY}.safetensors")), tmp_path / f"{TINY}.safetensors")
    with pytest.raises(WeightsUnavailable, match="does not fit"):
        load_backbone(TINY, weights_folder=tmp_path)


def test_a_file_that_is_no_safetensors_is_refused(tmp_path):
    (tmp_path / f"{TINY}.safetensors").write_bytes(b"not a tensor in sight")
    with pytest.raises(WeightsUnavailable, match="could not be read"):
        load_backbone(TINY, weights_folder=tmp_path)


def test_a_failed_download_is_reported_as_missing_weights(monkeypatch):
    def unreachable(*_args, **_kwargs):
        raise ConnectionError("no route to host")

    monkeypatch.setattr(backbones.timm, "create_model", unreachable)
    with pytest.raises(WeightsUnavailable, match="no route to host"):
        load_backbone("resnet50", allow_hub=True)


def test_a_name_that_timm_does_not_know_is_refused():
    with pytest.raises(ValueError, match="no model named 'resnet5000'"):
        load_backbone("resnet5000")


def test_the_device_describes_itself_in_plain_values():
    device = describe_device()
    assert device["kind"] == best_compute().device.type
    assert device["memory_gb"] > 0
    assert device["threads"] >= 1
