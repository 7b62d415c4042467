"""The REST view of a project and its settings, with those refused that no worker could follow."""

from __future__ import annotations

from typing import Any

from annotator.jobs.selectors import check_strategy
from annotator.projects.api import ProjectDetailView


class ProjectSettingsView(ProjectDetailView):
    """One project and its settings."""

    def check_changes(self, changes: dict[str, Any]) -> None:
        """Refuse a strategy that the workers do not know; the one that the project has may stay."""
        strategy = changes.get("strategy", self.project.strategy)
        if strategy != self.project.strategy:
            check_strategy(strategy)
