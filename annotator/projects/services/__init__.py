"""Every write to projects, members and classes."""

from annotator.projects.services.classes import (
    MAX_ALIASES,
    MAX_NAME,
    PALETTE,
    add_classes,
    clean_name,
    create_class,
    create_classes,
    free_hotkey,
    update_class,
)
from annotator.projects.services.counters import next_change, next_positions
from annotator.projects.services.members import add_member, change_member, remove_member
from annotator.projects.services.projects import check_backbone, create_project, update_project

__all__ = [
    "MAX_ALIASES",
    "MAX_NAME",
    "PALETTE",
    "add_classes",
    "add_member",
    "change_member",
    "check_backbone",
    "clean_name",
    "create_class",
    "create_classes",
    "create_project",
    "free_hotkey",
    "next_change",
    "next_positions",
    "remove_member",
    "update_class",
    "update_project",
]
