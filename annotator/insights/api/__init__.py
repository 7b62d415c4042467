"""REST views that look across apps."""

from annotator.insights.api.gallery import GalleryView
from annotator.insights.api.numbers import (
    BalanceView,
    HeadsView,
    OverviewView,
    PresetsView,
    ProjectsView,
    PulseView,
    health,
)

__all__ = [
    "BalanceView",
    "GalleryView",
    "HeadsView",
    "OverviewView",
    "PresetsView",
    "ProjectsView",
    "PulseView",
    "health",
]
