"""Every write to training runs, models, schedules and their settings."""

from annotator.modeling.services.backbones import change_backbone, request_measurement
from annotator.modeling.services.firing import fire_due_schedules, fire_label_schedules, fire_now, fire_schedule
from annotator.modeling.services.runs import collect_runs, request_training
from annotator.modeling.services.schedules import change_schedule, create_schedule, remove_schedule
from annotator.modeling.services.tries import remove_upload, request_prediction, tries_folder
from annotator.modeling.services.versions import (
    change_settings,
    collect_models,
    ensure_first_model,
    ensure_pretrained,
    promote_version,
    publish_version,
    request_promotion,
    roll_back,
)

__all__ = [
    "change_backbone",
    "change_schedule",
    "change_settings",
    "collect_models",
    "collect_runs",
    "create_schedule",
    "ensure_first_model",
    "ensure_pretrained",
    "fire_due_schedules",
    "fire_label_schedules",
    "fire_now",
    "fire_schedule",
    "promote_version",
    "publish_version",
    "remove_schedule",
    "remove_upload",
    "request_measurement",
    "request_prediction",
    "request_promotion",
    "request_training",
    "roll_back",
    "tries_folder",
]
