"""REST views of a project's webhooks and of what was sent to them; for its leads alone."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotator.accounts.api import signed_in
from annotator.common.errors import NotFound
from annotator.common.outgoing import MAX_URL
from annotator.common.pagination import page_by_key
from annotator.events import selectors, services
from annotator.events.api.activity import ActorSerializer
from annotator.events.models import WEBHOOK_KINDS, Delivery, Webhook
from annotator.projects.api import ProjectView


class WebhookSerializer(serializers.ModelSerializer[Webhook]):
    """A webhook. Its secret is never among this."""

    kinds = serializers.ListField(child=serializers.ChoiceField(choices=WEBHOOK_KINDS))
    created_by = ActorSerializer(allow_null=True)

    class Meta:
        model = Webhook
        fields = [
            *("id", "url", "kinds", "enabled", "failures", "failing_since", "rests_until", "disabled_at"),
            *("created_by", "created_at"),
        ]
        read_only_fields = fields


class WebhookSecretSerializer(serializers.Serializer[Any]):
    """The one time that a secret is shown."""

    secret = serializers.CharField()


class NewWebhookSerializer(serializers.Serializer[Any]):
    """A webhook to add."""

    url = serializers.CharField(max_length=MAX_URL)
    kinds = serializers.ListField(child=serializers.CharField(max_length=40), max_length=100)


class WebhookChangeSerializer(serializers.Serializer[Any]):
    """What can be changed of a webhook."""

    url = serializers.CharField(max_length=MAX_URL, required=False)
    kinds = serializers.ListField(child=serializers.CharField(max_length=40), max_length=100, required=False)
    enabled = serializers.BooleanField(required=False)


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """One message, and how its last attempt went."""

    seq = serializers.IntegerField(source="event.seq", allow_null=True, default=None)

    class Meta:
        model = Delivery
        fields = [
            *("id", "kind", "seq", "state", "attempts", "next_at", "last_at"),
            *("status", "error", "excerpt", "duration_ms", "created_at"),
        ]
        read_only_fields = fields


def show_webhook(webhook: Webhook) -> dict[str, Any]:
    """Return the JSON of a webhook."""
    return dict(WebhookSerializer(webhook).data)


def show_delivery(delivery: Delivery) -> dict[str, Any]:
    """Return the JSON of a delivery."""
    return dict(DeliverySerializer(delivery).data)


class WebhooksView(ProjectView):
    """The project's webhooks, and the kinds of events there are."""

    @extend_schema(
        operation_id="webhooks",
        responses=inline_serializer(
            "Webhooks",
            {
                "results": WebhookSerializer(many=True),
                "kinds": serializers.ListField(child=serializers.CharField()),
            },
        ),
    )
    def get(self, request: Request) -> Response:
        webhooks = [show_webhook(webhook) for webhook in selectors.webhooks_of(self.project)]
        return Response({"results": webhooks, "kinds": WEBHOOK_KINDS})

    @extend_schema(
        operation_id="create_webhook",
        request=NewWebhookSerializer,
        responses={
            201: inline_serializer("NewWebhook", {"webhook": WebhookSerializer(), "secret": serializers.CharField()})
        },
    )
    def post(self, request: Request) -> Response:
        given = NewWebhookSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        webhook, secret = services.create_webhook(project=self.project, user=signed_in(request), **given.validated_data)
        return Response({"webhook": show_webhook(webhook), "secret": secret}, status=201)


class WebhookView(ProjectView):
    """One webhook."""

    @extend_schema(operation_id="update_webhook", request=WebhookChangeSerializer, responses=WebhookSerializer)
    def patch(self, request: Request, webhook_id: int) -> Response:
        webhook = self.webhook(webhook_id)
        given = WebhookChangeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        webhook = services.update_webhook(webhook=webhook, user=signed_in(request), **given.validated_data)
        return Response(show_webhook(webhook))

    @extend_schema(operation_id="delete_webhook", responses={204: None})
    def delete(self, request: Request, webhook_id: int) -> Response:
        services.delete_webhook(webhook=self.webhook(webhook_id), user=signed_in(request))
        return Response(status=204)

    def webhook(self, webhook_id: int) -> Webhook:
        """Return the webhook if it is one of this project's."""
        webhook = selectors.webhooks_of(self.project).filter(pk=webhook_id).first()
        if webhook is None:
            raise NotFound("This project has no such webhook.")
        return webhook


class WebhookSecretView(WebhookView):
    """A new secret for a webhook."""

    http_method_names = ["post", "options"]

    @extend_schema(operation_id="renew_webhook_secret", request=None, responses=WebhookSecretSerializer)
    def post(self, request: Request, webhook_id: int) -> Response:
        secret = services.renew_secret(webhook=self.webhook(webhook_id), user=signed_in(request))
        return Response({"secret": secret})


class WebhookTestView(WebhookView):
    """Sending a message that tells of nothing."""

    http_method_names = ["post", "options"]

    @extend_schema(operation_id="test_webhook", request=None, responses={202: DeliverySerializer})
    def post(self, request: Request, webhook_id: int) -> Response:
        return Response(show_delivery(services.send_test(webhook=self.webhook(webhook_id))), status=202)


class DeliveriesView(WebhookView):
    """What was sent to a webhook, or waits to be, newest first."""

    http_method_names = ["get", "options"]

    @extend_schema(
        operation_id="deliveries",
        parameters=[OpenApiParameter("after", int), OpenApiParameter("limit", int)],
        responses=inline_serializer(
            "DeliveryPage",
            {"results": DeliverySerializer(many=True), "next": serializers.IntegerField(allow_null=True)},
        ),
    )
    def get(self, request: Request, webhook_id: int) -> Response:
        rows = selectors.deliveries_of(self.webhook(webhook_id)).select_related("event")
        return Response(page_by_key(request, rows, show_delivery, newest_first=True, limit=20, max_limit=100))


class DeliveryRetryView(ProjectView):
    """Sending a message again."""

    @extend_schema(operation_id="retry_delivery", request=None, responses={202: DeliverySerializer})
    def post(self, request: Request, delivery_id: int) -> Response:
        found = Delivery.objects.filter(webhook__project=self.project, pk=delivery_id)
        delivery = found.select_related("webhook", "event").first()
        if delivery is None:
            raise NotFound("This project has no such delivery.")
        return Response(show_delivery(services.retry_delivery(delivery=delivery)), status=202)
