"""A recipe is plain data: three presets, JSON both ways, and a sentence about whatever is wrong."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.ml.recipes import PRESETS, Augmentation, InvalidRecipe, Recipe


@pytest.mark.parametrize("name", ["quick", "balanced", "best"])
def test_a_preset_is_a_valid_recipe_with_a_sentence(name):
    preset = PRESETS[name]
    preset.recipe.check()
    assert preset.name == name
    assert preset.sentence.endswith(".")
    assert Recipe.from_json(preset.recipe.to_json()) == preset.recipe


def test_settings_that_are_left_out_keep_their_defaults():
    recipe = Recipe.from_json('{"epochs": 3, "augmentation": {"rotation": 5}}')
    assert recipe == Recipe(epochs=3, augmentation=Augmentation(rotation=5))


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"epochs": 0}, {"epochs": "must be between 1 and 1000"}),
        ({"epochs": 2.5}, {"epochs": "must be a whole number"}),
        ({"epochs": True}, {"epochs": "must be a whole number"}),
        ({"lr": "fast"}, {"lr": "must be a number"}),
        ({"lr": float("nan")}, {"lr": "must be between 1e-07 and 1"}),
        ({"loss": "hinge"}, {"loss": "must be one of cross_entropy, focal, class_balanced, balanced_softmax"}),
        ({"loss": ["focal"]}, {"loss": "must be one of cross_entropy, focal, class_balanced, balanced_softmax"}),
        ({"backbone": "resnet_9000"}, {"backbone": "timm has no model named 'resnet_9000'"}),
        ({"speed": 3}, {"speed": "is not a setting"}),
        ({"augmentation": {"rotation": 500}}, {"augmentation.rotation": "must be between 0 and 180"}),
        ({"augmentation": {"flip_vertical": 1}}, {"augmentation.flip_vertical": "must be true or false"}),
        ({"augmentation": 3}, {"augmentation": "must be an object of settings"}),
        ({"augmentation": {"blur": 1}}, {"blur": "is not a setting"}),
        ({"epochs": 2, "warmup_epochs": 2}, {"warmup_epochs": "must be shorter than the training"}),
        ({"loss": "focal", "label_smoothing": 0.1}, {"label_smoothing": "has no meaning for the focal loss"}),
        ([1], {"recipe": "must be an object of settings"}),
    ],
)
def test_each_mistake_has_its_sentence(values, errors):
    with pytest.raises(InvalidRecipe) as raised:
        Recipe.from_values(values)
    assert raised.value.errors == errors


def test_all_mistakes_are_named_at_once():
    with pytest.raises(InvalidRecipe, match=r"epochs: must be .*; batch_size: must be"):
        Recipe.from_values({"epochs": 0, "batch_size": 1})
    with pytest.raises(InvalidRecipe, match="is not JSON"):
        Recipe.from_json("{")


@settings(deadline=None)
@given(
    epochs=st.integers(2, 1000),
    lr=st.floats(1e-7, 1),
    flip=st.booleans(),
    hue=st.floats(0, 0.5),
    sampling=st.sampled_from(["uniform", "square_root", "balanced"]),
)
def test_every_recipe_survives_json(epochs, lr, flip, hue, sampling):
    recipe = Recipe(epochs=epochs, lr=lr, sampling=sampling, augmentation=Augmentation(flip_vertical=flip, hue=hue))
    text = recipe.to_json()
    assert Recipe.from_json(text) == recipe
    assert json.loads(text)["sampling"] == sampling
