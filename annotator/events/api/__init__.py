"""REST views of the activity log, of notifications and of webhooks."""

from annotator.events.api.activity import ActorSerializer, EventSerializer, EventsView, show_event
from annotator.events.api.notifications import NotificationsReadView, NotificationsView
from annotator.events.api.webhooks import (
    DeliveriesView,
    DeliveryRetryView,
    WebhookSecretView,
    WebhooksView,
    WebhookTestView,
    WebhookView,
)

__all__ = [
    "ActorSerializer",
    "DeliveriesView",
    "DeliveryRetryView",
    "EventSerializer",
    "EventsView",
    "NotificationsReadView",
    "NotificationsView",
    "WebhookSecretView",
    "WebhookTestView",
    "WebhookView",
    "WebhooksView",
    "show_event",
]
