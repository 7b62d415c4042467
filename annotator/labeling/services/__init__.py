"""Every write to rounds, tasks, annotations and current labels."""

from annotator.labeling.services.annotating import Item, Result, record_import_labels, submit_annotations
from annotator.labeling.services.counting import count_changes, wake_at
from annotator.labeling.services.curating import undo_import
from annotator.labeling.services.examples import pin_example, unpin_example
from annotator.labeling.services.focus import clear_focus, set_focus
from annotator.labeling.services.gains import measure_when_due, record_gain, request_measurement
from annotator.labeling.services.leasing import lease_tasks, release_tasks
from annotator.labeling.services.retracting import finish_retraction, request_retraction, retract_chunk, retracted
from annotator.labeling.services.reviewing import comment_case, reopen_case, resolve_case, send_case_back
from annotator.labeling.services.rounds import RoundPick, publish_round, request_refresh
from annotator.labeling.services.verify import (
    Confirmation,
    Confirmed,
    Excepted,
    Leased,
    TakenBackPage,
    Wanted,
    confirm_page,
    lease_pages,
    own_page,
    release_pages,
    undo_page,
)

__all__ = [
    "Confirmation",
    "Confirmed",
    "Excepted",
    "Item",
    "Leased",
    "Result",
    "RoundPick",
    "TakenBackPage",
    "Wanted",
    "clear_focus",
    "comment_case",
    "confirm_page",
    "count_changes",
    "finish_retraction",
    "lease_pages",
    "lease_tasks",
    "measure_when_due",
    "own_page",
    "pin_example",
    "publish_round",
    "record_gain",
    "record_import_labels",
    "release_pages",
    "release_tasks",
    "reopen_case",
    "request_measurement",
    "request_refresh",
    "request_retraction",
    "resolve_case",
    "retract_chunk",
    "retracted",
    "send_case_back",
    "set_focus",
    "submit_annotations",
    "undo_import",
    "undo_page",
    "unpin_example",
    "wake_at",
]
