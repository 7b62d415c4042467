"""Reads of training runs, models and schedules that are not querysets."""

from annotator.modeling.selectors.backbones import BackboneInUse, backbone_in_use
from annotator.modeling.selectors.balance import live_balance, run_balance
from annotator.modeling.selectors.schedules import (
    firings_of,
    labels_left,
    last_firings,
    next_due,
    run_with_the_same_labels,
    schedules_of,
    timezones,
)
from annotator.modeling.selectors.versions import (
    PARTS,
    accuracy_of,
    can_return,
    card_of,
    cell,
    classes_of,
    models_of,
    pictures_at,
    serving_model,
    settings_of,
)

__all__ = [
    "PARTS",
    "BackboneInUse",
    "accuracy_of",
    "backbone_in_use",
    "can_return",
    "card_of",
    "cell",
    "classes_of",
    "firings_of",
    "labels_left",
    "last_firings",
    "live_balance",
    "models_of",
    "next_due",
    "pictures_at",
    "run_balance",
    "run_with_the_same_labels",
    "schedules_of",
    "serving_model",
    "settings_of",
    "timezones",
]
