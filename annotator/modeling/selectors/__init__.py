"""Reads of training runs, models and schedules that are not querysets."""

from annotator.modeling.selectors.balance import live_balance, run_balance
from annotator.modeling.selectors.versions import (
    accuracy_of,
    can_return,
    card_of,
    cell_positions,
    models_of,
    pictures_at,
    serving_model,
    settings_of,
)

__all__ = [
    "accuracy_of",
    "can_return",
    "card_of",
    "cell_positions",
    "live_balance",
    "models_of",
    "pictures_at",
    "run_balance",
    "serving_model",
    "settings_of",
]
