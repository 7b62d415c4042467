"""Every write to images, imports, and the catalogue of the array store."""

from annotator.images.services.batches import (
    create_batch,
    fail_batch,
    finish_batch,
    inbox_of,
    receive_files,
    remove_inbox,
    run_batch,
    start_batch,
    uploads_of,
)
from annotator.images.services.catalogue import Arrival, Refusal, insert_images, reject_files
from annotator.images.services.changes import (
    archive_batch,
    drop_holdout,
    mirror_label,
    mirror_labels,
    release_reserve,
    set_groups,
    set_holdout,
)
from annotator.images.services.graphs import publish_graph, request_neighbours
from annotator.images.services.scores import collect_garbage, publish_scores, publish_suggestions, restore_scores
from annotator.images.services.vectors import (
    BackboneChanged,
    activate_space,
    begin_space,
    ensure_space,
    publish_shard,
)

__all__ = [
    "Arrival",
    "BackboneChanged",
    "Refusal",
    "activate_space",
    "archive_batch",
    "begin_space",
    "collect_garbage",
    "create_batch",
    "drop_holdout",
    "ensure_space",
    "fail_batch",
    "finish_batch",
    "inbox_of",
    "insert_images",
    "mirror_label",
    "mirror_labels",
    "publish_graph",
    "publish_scores",
    "publish_shard",
    "publish_suggestions",
    "receive_files",
    "reject_files",
    "release_reserve",
    "remove_inbox",
    "request_neighbours",
    "restore_scores",
    "run_batch",
    "set_groups",
    "set_holdout",
    "start_batch",
    "uploads_of",
]
