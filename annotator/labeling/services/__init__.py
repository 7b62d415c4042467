"""Every write to rounds, tasks, annotations and current labels."""

from annotator.labeling.services.annotating import Item, Result, record_import_labels, submit_annotations
from annotator.labeling.services.counting import count_changes, wake_at
from annotator.labeling.services.curating import undo_import
from annotator.labeling.services.leasing import lease_tasks, release_tasks
from annotator.labeling.services.retracting import finish_retraction, request_retraction, retract_chunk, retracted
from annotator.labeling.services.rounds import RoundPick, publish_round, request_refresh

__all__ = [
    "Item",
    "Result",
    "RoundPick",
    "count_changes",
    "finish_retraction",
    "lease_tasks",
    "publish_round",
    "record_import_labels",
    "release_tasks",
    "request_refresh",
    "request_retraction",
    "retract_chunk",
    "retracted",
    "submit_annotations",
    "undo_import",
    "wake_at",
]
