"""Reads of images: position-indexed columns, embeddings, scores, and how a picture is shown."""

from annotator.images.selectors.briefs import batch_state, image_brief, image_detail, recorded_paths, unlabelled_sources
from annotator.images.selectors.columns import Columns, columns
from annotator.images.selectors.scores import ScoreReader, score_reader
from annotator.images.selectors.vectors import Embeddings, active_space, embedding_shards, embeddings

__all__ = [
    "Columns",
    "Embeddings",
    "ScoreReader",
    "active_space",
    "batch_state",
    "columns",
    "embedding_shards",
    "embeddings",
    "image_brief",
    "image_detail",
    "recorded_paths",
    "score_reader",
    "unlabelled_sources",
]
