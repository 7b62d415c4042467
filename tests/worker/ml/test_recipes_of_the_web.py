"""The web's copy of the recipes says what the worker's recipes say."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.common.errors import DomainError
from annotator.modeling.models import Preset
from annotator.modeling.recipes import (
    DEFAULT_BACKBONE,
    SETTINGS,
    check_recipe,
    flattened,
    nested,
    preset_sentence,
    recipe_of,
)
from worker.ml import recipes
from worker.ml.backbones import DEFAULT_PRESET
from worker.ml.recipes import InvalidRecipe, Recipe


def test_a_preset_has_the_same_settings_and_the_same_sentence_on_both_sides():
    assert set(recipes.PRESETS) == set(Preset.values)
    for name, preset in recipes.PRESETS.items():
        assert recipe_of(name) == dataclasses.asdict(preset.recipe)
        assert preset_sentence(name) == preset.sentence


def test_both_sides_know_the_same_settings_with_the_same_bounds_and_defaults():
    defaults = flattened(dataclasses.asdict(Recipe()))

    assert {name: setting.default for name, setting in SETTINGS.items()} == defaults
    assert list(SETTINGS) == list(defaults), "in the same order"
    bounds = {name: (each.low, each.high) for name, each in SETTINGS.items() if each.low is not None}
    assert bounds == recipes._BOUNDS
    assert all(type(low) is type(recipes._BOUNDS[name][0]) for name, (low, _) in bounds.items())
    assert {name: each.choices for name, each in SETTINGS.items() if each.choices} == recipes._CHOICES
    assert DEFAULT_BACKBONE == DEFAULT_PRESET


VALUES = st.one_of(
    st.integers(-10, 5000),
    st.floats(allow_nan=True),
    st.booleans(),
    st.none(),
    st.sampled_from(["head", "full", "focal", "uniform", "fp16", "accuracy", ""]),
)


@given(
    preset=st.sampled_from(Preset.values),
    changes=st.dictionaries(st.sampled_from([*(set(SETTINGS) - {"backbone"}), "unheard_of"]), VALUES, max_size=4),
)
def test_both_sides_refuse_the_same_recipes(preset, changes):
    values = nested(changes)

    try:
        check_recipe(preset, values)
        refused = False
    except DomainError:
        refused = True

    if refused:
        with pytest.raises(InvalidRecipe):
            Recipe.from_values(recipe_of(preset, values))
    else:
        Recipe.from_values(recipe_of(preset, values))


@pytest.mark.parametrize("changes", [[], "fast", {"augmentation": 3}, {"backbone": 3}, {"backbone": "a b\0"}])
def test_what_is_no_recipe_at_all_is_refused(changes):
    with pytest.raises(DomainError):
        check_recipe("quick", changes)
