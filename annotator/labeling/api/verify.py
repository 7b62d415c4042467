"""REST views of Verify: what waits, pages to lease, confirm, take back and release, and how much people overlook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import prefetch_related_objects
from django.utils import timezone
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotator.accounts.api import signed_in
from annotator.images.api.serializers import ImageBriefSerializer
from annotator.images.models import Image, Trust
from annotator.images.selectors import image_brief
from annotator.labeling.api.queue import RowId
from annotator.labeling.models import Task, VerifyPage
from annotator.labeling.selectors.verify import Measured, miss_rows, overview
from annotator.labeling.selectors.verify_policy import LADDER, ORDERS
from annotator.labeling.services import (
    Confirmation,
    Excepted,
    Wanted,
    confirm_page,
    lease_pages,
    own_page,
    release_pages,
    undo_page,
)
from annotator.labeling.services.rounds import count_towards_refresh
from annotator.labeling.services.verify.leasing import AT_ONCE
from annotator.projects.api import ProjectView
from annotator.projects.models import Role

REASONS = ("nothing_left", "no_suggestions", "all_leased")
VERDICTS = ["label", "skip", "unsure", "flag"]

MISSES: dict[str, serializers.Field[Any, Any, Any, Any]] = {
    "planted": serializers.IntegerField(help_text="known pictures that were not of their page's class"),
    "missed": serializers.IntegerField(help_text="those that were let pass"),
    "rate": serializers.FloatField(help_text="expected share of missed exceptions: the mean of the posterior"),
    "low": serializers.FloatField(help_text="of its 95 % interval"),
    "high": serializers.FloatField(),
}
MissSerializer = inline_serializer("MissRate", dict(MISSES))  # the fields of a shape are taken out of its dict

# `class` is a word that Python keeps for itself, hence these by name.
WaitingClassSerializer = inline_serializer(
    "WaitingClass",
    {
        "class": serializers.IntegerField(),
        "waiting": serializers.IntegerField(help_text="pictures that are offered of it now"),
        "low": serializers.FloatField(help_text="their least confidence"),
        "high": serializers.FloatField(),
        "expected_error": serializers.FloatField(help_text="share of them expected to be of another class, 0 to 1"),
    },
    many=True,
)


class VerifySerializer(serializers.Serializer[Any]):
    """What waits to be verified, and the terms of the person who asks."""

    classes = WaitingClassSerializer
    clusters = serializers.IntegerField(help_text="groups of near-identical pictures")
    adaptive = serializers.BooleanField(help_text="page size, order and what is offered follow the measured misses")
    size = serializers.IntegerField(help_text="pictures on a page that suit the person")
    order = serializers.ChoiceField(choices=ORDERS)
    miss = MissSerializer
    today = inline_serializer(
        "VerifiedToday",
        {
            "labels": serializers.IntegerField(),
            "looks": serializers.IntegerField(),
            "pages": serializers.IntegerField(),
        },
    )


VerifyPictureSerializer = inline_serializer(
    "VerifyPicture",
    {
        "task": serializers.IntegerField(),
        "image": ImageBriefSerializer(),
        "confidence": serializers.FloatField(allow_null=True),
    },
    many=True,
)
VerifyPageSerializer = inline_serializer(
    "VerifyPage",
    {
        "id": serializers.IntegerField(),
        "mode": serializers.ChoiceField(choices=VerifyPage.Mode.choices),
        "class": serializers.IntegerField(allow_null=True, help_text="asked about; of a cluster: what is suggested"),
        "order": serializers.ChoiceField(choices=ORDERS),
        "head": serializers.CharField(allow_blank=True),
        "size": serializers.IntegerField(),
        "low": serializers.FloatField(allow_null=True),
        "high": serializers.FloatField(allow_null=True),
        "expected_mistakes": serializers.FloatField(),
        "lease_expires_at": serializers.DateTimeField(),
        "pictures": VerifyPictureSerializer,
    },
)


class LeasedPagesSerializer(serializers.Serializer[Any]):
    """Pages in hand, and why there is none."""

    pages = type(VerifyPageSerializer)(many=True)
    waiting = serializers.IntegerField(help_text="pictures of this kind beyond the pages")
    reason = serializers.ChoiceField(choices=REASONS, allow_null=True)


def show_page(page: VerifyPage, *, scale: float) -> dict[str, Any]:
    """Show a page to the person who holds it; `scale` is how far the model's confidence is off."""
    tasks = list(page.tasks.select_related("image").prefetch_related("image__sources").order_by("lease_order"))
    sure = [task.suggestion_confidence for task in tasks if task.suggestion_confidence is not None]
    return {
        "id": page.pk,
        "mode": page.mode,
        "class": page.label_class_id,
        "order": page.order,
        "head": page.head,
        "size": page.size,
        "low": min(sure, default=None),
        "high": max(sure, default=None),
        "expected_mistakes": page.expected_wrong * scale,
        "lease_expires_at": page.lease_expires_at,
        "pictures": [_show_picture(task) for task in tasks],
    }


def _show_picture(task: Task) -> dict[str, Any]:
    """Show a picture on a page. None shows a label, so that planted ones look like all others."""
    nothing = {"label": None, "trust": Trust.NONE, "label_version": 0}
    return {"task": task.pk, "image": image_brief(task.image) | nothing, "confidence": task.suggestion_confidence}


LabelledSerializer = inline_serializer(
    "LabelledPicture",
    {"image": ImageBriefSerializer(), "label": serializers.IntegerField(allow_null=True)},
    many=True,
)


def _show_labelled(images: Sequence[Image]) -> list[dict[str, Any]]:
    prefetch_related_objects(images, "sources")
    return [{"image": image_brief(image), "label": image.label_id} for image in images]


class VerifyView(ProjectView):
    """What waits to be verified."""

    roles = {"GET": Role.ANNOTATOR}

    @extend_schema(operation_id="verify", responses=VerifySerializer)
    def get(self, request: Request) -> Response:
        """Show for each class how many suggestions are offered, and what suits the person who asks."""
        today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
        return Response(overview(self.project, signed_in(request), today))


WantedSerializer = inline_serializer(
    "WantedPages",
    {
        "mode": serializers.ChoiceField(choices=VerifyPage.Mode.choices, default=VerifyPage.Mode.CLASS),
        "class": RowId(required=False, allow_null=True, help_text="needed for pages of a class"),
        "order": serializers.ChoiceField(choices=ORDERS, default=ORDERS[0]),
        "size": serializers.IntegerField(
            required=False,
            allow_null=True,
            min_value=LADDER[0],
            max_value=LADDER[-1],
            help_text="pictures on a page; null: as many as suit the person",
        ),
        "count": serializers.IntegerField(min_value=1, max_value=AT_ONCE, default=1, help_text="pages in hand"),
    },
)


class VerifyPagesView(ProjectView):
    """Take pages."""

    roles = {"POST": Role.ANNOTATOR}

    @extend_schema(operation_id="lease_pages", request=WantedSerializer, responses=LeasedPagesSerializer)
    def post(self, request: Request) -> Response:
        """Lease pages: first those of this kind that are in hand already, then new ones, up to `count`."""
        asked = _read(WantedSerializer, request)
        wanted = Wanted(asked["mode"], asked["order"], asked.get("class"), asked.get("size"))
        leased = lease_pages(project=self.project, user=signed_in(request), wanted=wanted, count=asked["count"])
        pages = [show_page(page, scale=leased.scale) for page in leased.pages]
        return Response({"pages": pages, "waiting": leased.waiting, "reason": leased.reason})


def _read(shape: serializers.Serializer[Any], request: Request) -> dict[str, Any]:
    """Validate a request against a shape that was made by name."""
    body = type(shape)(data=request.data)
    body.is_valid(raise_exception=True)
    return body.validated_data


class ExceptionSerializer(serializers.Serializer[Any]):
    """A picture that is not of the page's class, and what it is instead."""

    task = RowId()
    verdict = serializers.ChoiceField(choices=VERDICTS, default=VERDICTS[0])
    labels = serializers.ListField(child=RowId(), default=list, max_length=1000)
    comment = serializers.CharField(default="", allow_blank=True, max_length=4000, help_text="of a flag")


ConfirmSerializer = inline_serializer(
    "ConfirmPage",
    {
        "client_id": serializers.UUIDField(help_text="sending it again changes nothing"),
        "class": RowId(required=False, allow_null=True, help_text="the label of a cluster"),
        "seconds": serializers.FloatField(
            default=0.0, min_value=0, max_value=1e9, help_text="from the page's first paint to its confirmation"
        ),
        "exceptions": ExceptionSerializer(many=True, default=list),
    },
)


class ConfirmedSerializer(serializers.Serializer[Any]):
    """What became of a page."""

    page = serializers.IntegerField()
    written = serializers.IntegerField(help_text="labels that were set")
    conflicts = LabelledSerializer
    gold = inline_serializer(
        "PlantedPictures",
        {
            "planted": serializers.IntegerField(),
            "missed": serializers.IntegerField(),
            "shown": LabelledSerializer,
        },
    )
    next_refresh_in = serializers.IntegerField()
    refresh_job = serializers.IntegerField(allow_null=True)
    status = serializers.ChoiceField(choices=["created", "duplicate"])


class VerifyConfirmView(ProjectView):
    """Confirm a page."""

    roles = {"POST": Role.ANNOTATOR}

    @extend_schema(operation_id="confirm_page", request=ConfirmSerializer, responses=ConfirmedSerializer)
    def post(self, request: Request, page_id: int) -> Response:
        """Give all pictures of a page its label, except those that are named."""
        user = signed_in(request)
        own_page(self.project, user, page_id)  # a page of somebody else is not found before the request is read
        asked = _read(ConfirmSerializer, request)
        exceptions = [Excepted(**one) for one in asked["exceptions"]]
        said = Confirmation(asked["client_id"], asked.get("class"), asked["seconds"], exceptions)
        done = confirm_page(project=self.project, user=user, page_id=page_id, said=said)
        left, job = count_towards_refresh(project=self.project, labels=done.written if done.created else 0)
        return Response(
            {
                "page": done.page.pk,
                "written": done.written,
                "conflicts": _show_labelled(done.conflicts),
                "gold": {
                    "planted": done.page.gold,
                    "missed": done.page.gold_missed,
                    "shown": _show_labelled(done.shown),
                },
                "next_refresh_in": left,
                "refresh_job": job.pk if job else None,
                "status": "created" if done.created else "duplicate",
            }
        )


class UndoPageSerializer(serializers.Serializer[Any]):
    """The request that takes a page back."""

    client_id = serializers.UUIDField(help_text="sending it again changes nothing")


class UndonePageSerializer(serializers.Serializer[Any]):
    """The page that is in hand again, and what could not be taken back."""

    page = VerifyPageSerializer
    undone = serializers.IntegerField(help_text="labels that were taken back")
    conflicts = LabelledSerializer


class VerifyUndoView(ProjectView):
    """Take back a page."""

    roles = {"POST": Role.ANNOTATOR}

    @extend_schema(operation_id="undo_page", request=UndoPageSerializer, responses=UndonePageSerializer)
    def post(self, request: Request, page_id: int) -> Response:
        """Take back what was said of a page; its pictures come back as a new page of the same person."""
        user = signed_in(request)
        own_page(self.project, user, page_id)
        body = UndoPageSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        done = undo_page(project=self.project, user=user, page_id=page_id, **body.validated_data)
        if done.undone:
            count_towards_refresh(project=self.project, labels=-done.undone)
        scale = Measured.of(self.project).scale
        return Response(
            {
                "page": show_page(done.page, scale=scale),
                "undone": done.undone,
                "conflicts": _show_labelled(done.conflicts),
            }
        )


class ReleasePagesSerializer(serializers.Serializer[Any]):
    """Pages to give back."""

    pages = serializers.ListField(child=RowId(), max_length=100)


class VerifyReleaseView(ProjectView):
    """Give pages back."""

    roles = {"POST": Role.ANNOTATOR}

    @extend_schema(operation_id="release_pages", request=ReleasePagesSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """Release one's own pages; their pictures are free for others."""
        body = ReleasePagesSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        release_pages(project=self.project, user=signed_in(request), page_ids=body.validated_data["pages"])
        return Response(status=status.HTTP_204_NO_CONTENT)


MissRowSerializer = inline_serializer(
    "MissesOfPerson",
    {
        "user": inline_serializer(
            "VerifyingPerson",
            {"id": serializers.IntegerField(), "name": serializers.CharField(), "username": serializers.CharField()},
        ),
        "class": serializers.IntegerField(allow_null=True, help_text="null: of all classes"),
        "pages": serializers.IntegerField(),
        "size": serializers.IntegerField(help_text="pictures on a page that suit the person"),
        **MISSES,
    },
    many=True,
)


class MissesSerializer(serializers.Serializer[Any]):
    """How much each person overlooks, and everybody together."""

    results = MissRowSerializer
    everybody = inline_serializer(
        "MissesOfEverybody",
        {"pages": serializers.IntegerField(), **MISSES},
        allow_null=True,
        help_text="for reviewers and leads",
    )


class VerifyMissesView(ProjectView):
    """How many exceptions people overlook, measured with planted pictures."""

    roles = {"GET": Role.ANNOTATOR}

    @extend_schema(operation_id="verify_misses", responses=MissesSerializer)
    def get(self, request: Request) -> Response:
        """List misses by person and class; annotators see their own."""
        only = None if self.role >= Role.REVIEWER else signed_in(request)
        return Response(miss_rows(self.project, only=only))
