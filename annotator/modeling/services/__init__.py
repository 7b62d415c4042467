"""Every write to training runs, models, schedules and their settings."""

from annotator.modeling.services.versions import (
    change_settings,
    collect_models,
    ensure_first_model,
    promote_version,
    publish_version,
    request_promotion,
    roll_back,
)

__all__ = [
    "change_settings",
    "collect_models",
    "ensure_first_model",
    "promote_version",
    "publish_version",
    "request_promotion",
    "roll_back",
]
