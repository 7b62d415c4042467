"""A classifier is a backbone with real weights and a fresh last layer; only what should learn learns."""

from __future__ import annotations

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import load_file

from tests.worker.ml.photographs import stripes
from worker.ml.backbones import PRESETS
from worker.ml.classifier import (
    Frame,
    PictureUnreadable,
    build_classifier,
    create,
    freeze,
    predict,
    set_training,
    start_from_head,
)
from worker.ml.device import Compute

TINY = "test_efficientnet"
CPU = Compute(torch.device("cpu"), torch.float32)


def learning(model):
    return {name for name, parameter in model.named_parameters() if parameter.requires_grad}


def test_the_backbone_has_its_weights_and_the_last_layer_is_new(weights_folder):
    model, frame = build_classifier(TINY, 3, weights_folder=weights_folder)

    saved = load_file(weights_folder / f"{TINY}.safetensors")
    state = model.state_dict()
    assert all(torch.equal(state[name], saved[name]) for name in state if not name.startswith("classifier"))
    assert state["classifier.weight"].shape[0] == 3
    assert frame.input_px == 160


@pytest.mark.parametrize(
    ("name", "stages"),
    [
        ("test_efficientnet", ("blocks.4.", "conv_head.", "bn2.", "classifier.")),
        ("test_resnet", ("layer4.", "fc.")),
        ("test_vit", ("blocks.4.", "blocks.5.", "norm.", "fc_norm.", "head.")),
        ("test_convnext", ("stages.3.", "norm_pre.", "head.")),
    ],
)
def test_the_last_stage_is_what_follows_the_last_downsampling(name, stages):
    model = create(name, 2)
    freeze(model, "last_stage")
    assert learning(model) == {each for each, _ in model.named_parameters() if each.startswith(stages)}


@pytest.mark.parametrize("name", PRESETS)
def test_every_backbone_on_offer_has_a_last_stage(name):
    with torch.device("meta"):
        model = create(name, 2)
    freeze(model, "last_stage")
    last_stage = learning(model)
    freeze(model, "head")
    head = learning(model)

    assert head < last_stage < {each for each, _ in model.named_parameters()}
    assert len(head) == 2
    freeze(model, "full")
    assert len(learning(model)) == len(list(model.parameters()))


@pytest.mark.parametrize("what", ["last_stage", "full"])
def test_batch_statistics_stay_those_that_the_backbone_came_with(what):
    model = create(TINY, 2, drop_path_rate=0.5)
    freeze(model, what)
    set_training(model)
    before = {name: value.clone() for name, value in model.state_dict().items()}

    model(torch.randn(4, 3, 64, 64))

    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert model.blocks[4].training
    assert model.blocks[0].training == (what == "full")


def test_it_can_start_from_a_head_on_the_frozen_backbone(weights_folder, rng):
    model, frame = build_classifier(TINY, 3, weights_folder=weights_folder)
    labels = np.arange(30) % 3
    pictures = stripes(rng, labels)

    start_from_head(model, frame, pictures, np.arange(30), labels, compute=CPU)

    logits = predict(model, frame, pictures, range(30), compute=CPU)
    assert (logits.argmax(1) == labels).mean() > 0.9


def test_predictions_do_not_depend_on_the_batches_or_on_where_the_pictures_are(weights_folder, rng, tmp_path):
    model, frame = build_classifier(TINY, 3, weights_folder=weights_folder)
    pictures = stripes(rng, np.arange(7) % 3)
    paths = [tmp_path / f"{row}.png" for row in range(7)]
    for pixels, path in zip(pictures, paths, strict=True):
        Image.fromarray(pixels).save(path)
    model.eval()

    logits = predict(model, frame, pictures, range(7), compute=CPU)

    assert logits.shape == (7, 3)
    assert np.allclose(predict(model, frame, paths, [6, 2], compute=CPU, batch_size=1), logits[[6, 2]], atol=1e-5)
    assert predict(model, frame, pictures, [], compute=CPU).shape == (0, 3)
    with pytest.raises(PictureUnreadable, match="absent"):
        predict(model, frame, [tmp_path / "absent.png"], [0], compute=CPU)


def test_a_classifier_sees_a_picture_as_timms_own_transform_shows_it(weights_folder):
    """What is exported is used with timm's transform."""
    model, frame = build_classifier("test_efficientnet", 3, weights_folder=weights_folder)
    config = timm.data.resolve_model_data_config(model)
    assert frame == Frame(160, config["mean"], config["std"], config["interpolation"], config["crop_pct"])
