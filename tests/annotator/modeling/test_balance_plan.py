"""What a recipe does about unequal classes, in numbers and in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from annotator.modeling.balance import plan
from annotator.modeling.recipes import recipe_of

NAMES = ["cat", "dog", "emu"]
TRAIN = np.array([160, 40, 0])


def planned(preset: str = "balanced", **changes: Any) -> dict[str, Any]:
    return plan(recipe_of(preset, changes), TRAIN, NAMES)


def test_the_plan_names_loss_sampling_augmentation_and_what_is_left_out():
    loss, sampling, augmentation, left_out = planned()["sentences"]
    assert loss.startswith("Loss: balanced softmax.")
    assert loss.endswith("so that dog with 40 is not given up for cat with 160.")
    assert sampling == "Sampling: every training picture once an epoch; dog is 20.0% of them."
    assert "random crops down to 60% of the area, mirrored, turned by up to 10°, brightness ±20%" in augmentation
    assert left_out == "Left out, since the training part has no picture of them: emu."


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"loss": "cross_entropy"}, "Every picture counts alike"),
        ({"loss": "focal", "focal_gamma": 1.5}, "focal (γ = 1.5)"),
        ({"loss": "class_balanced"}, "A picture of dog weighs 3.8 times as much as one of cat."),
        ({"sampling": "square_root"}, "A picture of dog is seen 1.7 times an epoch, one of cat 0.8 times."),
        ({"sampling": "balanced"}, "A picture of dog is seen 2.5 times an epoch, one of cat 0.6 times."),
        ({"augmentation": {"randaugment_ops": 2}}, "RandAugment with 2 operations"),
    ],
)
def test_each_setting_has_its_sentence(changes: dict[str, Any], sentence: str):
    assert sentence in " ".join(planned(**changes)["sentences"])


def test_no_augmentation_is_said_too():
    plain = {"crop_scale": 1.0, "flip_horizontal": False}
    assert planned("quick", augmentation=plain)["sentences"][2].startswith("Augmentation: none")


def test_without_any_training_picture_there_is_little_to_say():
    found = plan(recipe_of("quick"), np.zeros(3, np.int64), NAMES)
    assert [point["code"] for point in found["points"]] == ["augmentation"]
    assert found["seen"] == [None, None, None]


def test_long_lists_of_missing_classes_are_cut():
    found = plan(recipe_of("quick"), np.array([1] + [0] * 20), [f"class {n}" for n in range(21)])
    assert found["points"][-1]["values"]["number"] == 20
    assert found["sentences"][-1].endswith("class 8 ….")
