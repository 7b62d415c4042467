"""A backbone comes with real weights or not at all, and says what to do when they are missing."""

from __future__ import annotations

import socket
from types import SimpleNamespace

import huggingface_hub
import pytest
import timm
import torch
from safetensors.torch import load_file, save_file

from tests.worker.ml.conftest import TINY
from worker.ml import backbones
from worker.ml.backbones import (
    DEFAULT_PRESET,
    PRESETS,
    WHEELS,
    WeightsUnavailable,
    check_name,
    load_backbone,
    untrained,
    weights_at_hand,
)
from worker.ml.device import Compute, best_compute, describe_device

FP32 = Compute(torch.device("cpu"), torch.float32)


@pytest.fixture(autouse=True)
def no_earlier_downloads(monkeypatch):
    """What this host happens to have downloaded before plays no part."""
    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda *_, **__: None)


@pytest.fixture(scope="module")
def default():
    return load_backbone(DEFAULT_PRESET, compute=FP32)


def test_the_default_loads_without_a_network(default):
    preset = PRESETS[DEFAULT_PRESET]

    assert DEFAULT_PRESET in weights_at_hand()
    assert (default.dim, default.input_px) == (preset.dim, preset.input_px) == (1280, 224)
    assert not default.model.training


@pytest.mark.parametrize("name", WHEELS)
def test_the_wheels_entries_equal_timms_in_order_and_shape(name):
    state = torch.load(backbones._wheel_weights(name), weights_only=True)
    expected = timm.create_model(name).state_dict()

    assert [entry.shape for entry in state.values()] == [entry.shape for entry in expected.values()]
    loaded = load_backbone(name, compute=FP32).model.state_dict()
    for entry_name, entry in zip(expected, state.values(), strict=True):
        assert entry_name.startswith("classifier") or torch.equal(loaded[entry_name], entry)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=list(PRESETS))
def test_every_preset_is_a_timm_model_of_the_stated_size(preset):
    check_name(preset.name)
    with torch.device("meta"):
        model = timm.create_model(preset.name, num_classes=0)

    parameters = sum(parameter.numel() for parameter in model.parameters())
    assert parameters / 1e6 == pytest.approx(preset.params_m, abs=0.1)
    assert preset.dim == (getattr(model, "head_hidden_size", None) or model.num_features)
    assert preset.hardware in ("cpu", "fast_cpu", "gpu")
    assert backbones.hub_of(preset.name).startswith("timm/")
    assert backbones.license_of(preset.name)


@pytest.mark.parametrize("family", ["MobileNet", "EfficientNet", "EfficientNetV2", "ResNet", "ConvNeXt", "ViT", "Swin"])
def test_the_presets_span_the_families(family):
    assert any(preset.family == family for preset in PRESETS.values())


@pytest.mark.parametrize("name", ["vit_small_patch14_dinov2", "vit_small_patch16_dinov3"])
def test_a_transformer_makes_one_vector_of_a_picture_of_the_stated_size(name):
    preset, backbone = PRESETS[name], untrained(name, compute=FP32)
    assert (backbone.dim, backbone.input_px) == (preset.dim, preset.input_px)


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


def test_what_was_downloaded_before_needs_no_hub(weights_folder, tiny, tmp_path, monkeypatch):
    cached = tmp_path / "model.safetensors"
    cached.write_bytes((weights_folder / f"{TINY}.safetensors").read_bytes())
    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda *_, **__: str(cached))

    assert load_backbone(TINY, compute=FP32).fingerprint == tiny.fingerprint
    assert "resnet50" in weights_at_hand()

    cached.write_bytes(b"cut short")
    with pytest.raises(WeightsUnavailable, match="could not be read") as caught:
        load_backbone(TINY)
    assert str(tmp_path) in caught.value.hint


def test_missing_weights_are_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(WeightsUnavailable, match="No weights for resnet50") as caught:
        load_backbone("resnet50", weights_folder=tmp_path)
    assert caught.value.code == "weights_unavailable"
    for word in ("resnet50.safetensors", "timm/resnet50.a1_in1k", "ANNOTATOR_WEIGHTS_DIR", "ANNOTATOR_ALLOW_HUB"):
        assert word in caught.value.hint


@pytest.mark.parametrize("name", WHEELS)
def test_without_the_wheel_its_preset_is_missing_too(name, monkeypatch):
    monkeypatch.setitem(backbones.WHEELS, name, "no_such_package")
    assert name not in weights_at_hand()
    with pytest.raises(WeightsUnavailable):
        load_backbone(name)


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


class TestTheHub:
    @pytest.fixture
    def answers(self, monkeypatch):
        """A hub that is there."""
        session = SimpleNamespace(head=lambda *_, **__: None)
        monkeypatch.setattr(huggingface_hub, "get_session", lambda: session)

    @pytest.mark.parametrize("name", ["resnet50", "vit_small_patch16_dinov3", "mobilenetv4_conv_small"])
    def test_one_that_cannot_be_reached_is_told_of_at_once_with_what_to_do(self, monkeypatch, name):
        """timm would go on trying for a minute, and then speak of a file that was not found."""
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))  # bound, and not listening: connections are refused
            endpoint = f"http://127.0.0.1:{closed.getsockname()[1]}"
            monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", endpoint)
            monkeypatch.setattr(backbones, "_create", lambda *_, **__: pytest.fail("timm was asked"))

            with pytest.raises(WeightsUnavailable, match="could not be downloaded") as caught:
                load_backbone(name, allow_hub=True)

        assert endpoint in str(caught.value)
        assert f"{name}.safetensors" in caught.value.hint
        assert DEFAULT_PRESET in caught.value.hint

    def test_one_that_never_answers_is_given_up_after_seconds(self, monkeypatch):
        monkeypatch.setattr(backbones, "HUB_SECONDS", 0.2)
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
            monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", endpoint)
            with pytest.raises(WeightsUnavailable, match="could not be downloaded"):
                load_backbone("resnet50", allow_hub=True)

    @pytest.mark.usefixtures("answers")
    def test_a_failed_download_is_reported_as_missing_weights(self, monkeypatch):
        def unreachable(*_args, **_kwargs):
            raise ConnectionError("no route to host")

        monkeypatch.setattr(backbones.timm, "create_model", unreachable)
        with pytest.raises(WeightsUnavailable, match="no route to host"):
            load_backbone("resnet50", allow_hub=True)

    @pytest.mark.usefixtures("answers")
    def test_a_model_without_pretrained_weights_is_not_left_with_random_ones(self):
        with pytest.raises(WeightsUnavailable, match="no pretrained weights for coatnet_0_224"):
            load_backbone("coatnet_0_224", allow_hub=True)


@pytest.mark.parametrize(
    "name", ["resnet5000", "", "../resnet50", "resnet50.a/../b", "hf-hub:timm/resnet50", "x" * 300]
)
def test_a_name_that_timm_does_not_know_is_refused(name):
    with pytest.raises(ValueError, match="no model named"):
        load_backbone(name)


def test_a_tag_that_timm_does_not_know_is_refused():
    with pytest.raises(ValueError, match=r"no weights named 'resnet50\.nobodys'"):
        load_backbone("resnet50.nobodys")


def test_the_device_describes_itself_in_plain_values():
    device = describe_device()
    assert device["kind"] == best_compute().device.type
    assert device["memory_gb"] > 0
    assert device["threads"] >= 1
