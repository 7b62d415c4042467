"""Reads across apps: the numbers of a project, its pictures class by class, and how far its models are."""

from annotator.insights.selectors.gallery import OF, ORDERS, GalleryPage, gallery
from annotator.insights.selectors.loop import loop
from annotator.insights.selectors.numbers import (
    CURVE_POINTS,
    PULSE_EVENTS,
    Masks,
    active_heads,
    balance,
    counts,
    head_brief,
    head_history,
    masks,
    overview,
    presets,
    pulse,
    thumbs,
)

__all__ = [
    "CURVE_POINTS",
    "OF",
    "ORDERS",
    "PULSE_EVENTS",
    "GalleryPage",
    "Masks",
    "active_heads",
    "balance",
    "counts",
    "gallery",
    "head_brief",
    "head_history",
    "loop",
    "masks",
    "overview",
    "presets",
    "pulse",
    "thumbs",
]
