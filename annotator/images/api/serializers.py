"""The JSON shapes of pictures and imports."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from annotator.accounts.models import User
from annotator.images.models import Image, ImportBatch, RejectedFile, Trust
from annotator.images.selectors import batch_state

COUNTS = ("found", "imported", "duplicates", "rejected", "labelled", "conflicts")


class ImageUrlsSerializer(serializers.Serializer):
    """Where a picture's derivatives are."""

    thumb = serializers.CharField()
    model = serializers.CharField()
    preview = serializers.CharField()


class ImageBriefSerializer(serializers.Serializer):
    """A picture in a list or a task; what `image_brief` returns."""

    id = serializers.IntegerField()
    position = serializers.IntegerField()
    name = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # DRF takes declared fields off the class
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    label = serializers.IntegerField(allow_null=True)  # type: ignore[assignment]  # as above
    trust = serializers.ChoiceField(choices=Trust.values)
    label_version = serializers.IntegerField()
    urls = ImageUrlsSerializer()


class ImageSerializer(ImageBriefSerializer):
    """A picture in the image list; what `image_detail` returns."""

    sources = serializers.ListField(child=serializers.CharField())
    split = serializers.CharField(allow_blank=True)
    holdout = serializers.CharField(allow_null=True)
    batch = serializers.IntegerField(allow_null=True)
    reserve = serializers.BooleanField(required=False, help_text="for leads only")


class PersonSerializer(serializers.Serializer):
    """Somebody's id and shown name."""

    id = serializers.IntegerField()
    name = serializers.CharField()


def show_person(user: User | None) -> dict[str, Any] | None:
    """Show somebody, or nobody."""
    return {"id": user.pk, "name": user.shown_name} if user else None


class HistoryEntrySerializer(serializers.Serializer):
    """One thing that somebody said of a picture."""

    id = serializers.IntegerField()
    user = PersonSerializer()
    verdict = serializers.CharField()
    labels = serializers.ListField(child=serializers.IntegerField())
    comment = serializers.CharField(allow_blank=True)
    origin = serializers.CharField()
    blind = serializers.BooleanField(required=False, help_text="for reviewers and leads: it tells the test set")
    undone = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class ImageWithHistorySerializer(ImageSerializer):
    """One picture and everything that was said of it, newest first."""

    annotations = HistoryEntrySerializer(many=True)


class ImagePageSerializer(serializers.Serializer):
    """A page of pictures in order of position."""

    results = ImageSerializer(many=True)
    next = serializers.IntegerField(allow_null=True)


class SuggestionsSerializer(serializers.Serializer):
    """What the machine says of many pictures."""

    head = serializers.CharField(allow_null=True)
    results = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField()), help_text="[position, class id, confidence]"
    )
    next = serializers.IntegerField(allow_null=True)


class BatchCountsSerializer(serializers.Serializer):
    """What became of an import's files so far."""

    found = serializers.IntegerField()
    imported = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    rejected = serializers.IntegerField()
    labelled = serializers.IntegerField()
    conflicts = serializers.IntegerField()


class BatchSerializer(serializers.Serializer):
    """An import."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    labels = serializers.ChoiceField(choices=ImportBatch.Labels.choices)
    state = serializers.ChoiceField(choices=ImportBatch.State.choices)
    counts = BatchCountsSerializer()
    job = serializers.IntegerField(allow_null=True)
    created_by = PersonSerializer(allow_null=True)
    created_at = serializers.DateTimeField()
    notices = serializers.ListField(child=serializers.CharField())


class BatchPageSerializer(serializers.Serializer):
    """A page of imports, newest first."""

    results = BatchSerializer(many=True)
    next = serializers.IntegerField(allow_null=True)


class NewBatchSerializer(serializers.Serializer):
    """What an import is called, and what its class folders are."""

    name = serializers.CharField(max_length=200, allow_blank=True, default="")
    labels = serializers.ChoiceField(choices=ImportBatch.Labels.choices, default=ImportBatch.Labels.IGNORE)


class RejectedFileSerializer(serializers.Serializer):
    """A file that did not become a picture."""

    id = serializers.IntegerField()
    path = serializers.CharField()
    reason = serializers.CharField()
    message = serializers.CharField()
    detail = serializers.CharField(allow_blank=True)


class RejectedPageSerializer(serializers.Serializer):
    """A page of files that were turned away."""

    results = RejectedFileSerializer(many=True)
    next = serializers.IntegerField(allow_null=True)


def show_batch(batch: ImportBatch) -> dict[str, Any]:
    """Show an import."""
    person = batch.created_by
    return {
        "id": batch.pk,
        "name": batch.name,
        "labels": batch.labels,
        "state": batch_state(batch),
        "counts": {name: getattr(batch, name) for name in COUNTS},
        "job": batch.job_id,
        "created_by": show_person(person),
        "created_at": batch.created_at,
        "notices": batch.notices,
    }


def show_rejected(row: RejectedFile) -> dict[str, Any]:
    """Show a file that was turned away."""
    return {"id": row.pk, "path": row.path, "reason": row.reason, "message": row.message, "detail": row.detail}


def show_history(image: Image, *, for_reviewer: bool) -> list[dict[str, Any]]:
    """Show what people said of a picture, newest first, without the rows that only take others back.

    Which answers were blind tells which pictures are in the test set, so that is not for annotators.
    """
    rows = image.annotations.exclude(verdict="undo").select_related("user", "undone_by").order_by("-id")
    return [
        {
            "id": row.pk,
            "user": {"id": row.user_id, "name": row.user.shown_name},
            "verdict": row.verdict,
            "labels": row.labels,
            "comment": row.comment,
            "origin": row.origin,
            **({"blind": row.blind} if for_reviewer else {}),
            "undone": hasattr(row, "undone_by"),
            "created_at": row.created_at,
        }
        for row in rows
    ]
