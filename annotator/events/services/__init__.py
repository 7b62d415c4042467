"""Every write to the activity log, and to what is told of it: notifications read, webhooks and their deliveries."""

from annotator.events.services.deliveries import (
    Attempt,
    forget_deliveries,
    open_deliveries,
    record_attempt,
    retry_delivery,
    send_test,
)
from annotator.events.services.log import record_event
from annotator.events.services.notifications import mark_all_read, mark_read
from annotator.events.services.webhooks import create_webhook, delete_webhook, renew_secret, update_webhook

__all__ = [
    "Attempt",
    "create_webhook",
    "delete_webhook",
    "forget_deliveries",
    "mark_all_read",
    "mark_read",
    "open_deliveries",
    "record_attempt",
    "record_event",
    "renew_secret",
    "retry_delivery",
    "send_test",
    "update_webhook",
]
