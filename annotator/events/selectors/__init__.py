"""Reads of what is told of the activity log: notifications, webhooks and their deliveries."""

from annotator.events.selectors.notifications import CONCERNED, notifications
from annotator.events.selectors.webhooks import (
    body_of,
    deliveries_of,
    due_deliveries,
    next_deliveries,
    projects_to_deliver,
    webhooks_of,
)

__all__ = [
    "CONCERNED",
    "body_of",
    "deliveries_of",
    "due_deliveries",
    "next_deliveries",
    "notifications",
    "projects_to_deliver",
    "webhooks_of",
]
