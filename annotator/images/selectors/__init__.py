"""Reads of images: position-indexed columns, embeddings, scores, and how a picture is shown."""

from annotator.images.selectors.briefs import batch_state, image_brief, image_detail, recorded_paths, unlabelled_sources
from annotator.images.selectors.columns import Columns, columns
from annotator.images.selectors.graphs import NeighbourReader, graph_length, neighbours
from annotator.images.selectors.scores import ScoreReader, score_reader
from annotator.images.selectors.similar import LookAlikes, labelled_look_alikes, look_alikes
from annotator.images.selectors.vectors import Embeddings, active_space, embedding_shards, embeddings

__all__ = [
    "Columns",
    "Embeddings",
    "LookAlikes",
    "NeighbourReader",
    "ScoreReader",
    "active_space",
    "batch_state",
    "columns",
    "embedding_shards",
    "embeddings",
    "graph_length",
    "image_brief",
    "image_detail",
    "labelled_look_alikes",
    "look_alikes",
    "neighbours",
    "recorded_paths",
    "score_reader",
    "unlabelled_sources",
]
