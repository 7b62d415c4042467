"""REST views of what helps to tell classes apart: the guide of a class, its pinned pictures, labelled neighbours."""

from __future__ import annotations

from typing import Any, get_args

from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotator.accounts.api import signed_in
from annotator.common.errors import NotFound
from annotator.common.pagination import whole_number
from annotator.images.api.serializers import ImageBriefSerializer
from annotator.images.models import Image, Trust
from annotator.images.selectors import image_brief
from annotator.images.selectors.similar import Reason
from annotator.labeling.selectors.guide import GuidePicture, guide, labelled_neighbours
from annotator.labeling.services import pin_example, unpin_example
from annotator.projects.api import ProjectView
from annotator.projects.models import LabelClass, Role

MAX_NEIGHBOURS = 32
BIGGEST_ID = 2**63 - 1
NO_CLASS = "The project has no such class."


class GuidePictureSerializer(serializers.Serializer[Any]):
    """A picture that shows a class."""

    image = ImageBriefSerializer()
    note = serializers.CharField(allow_blank=True)
    pinned = serializers.BooleanField(help_text="a lead chose it; else it is among the most trusted")


class ContrastPictureSerializer(GuidePictureSerializer):
    """A picture that is not of a class, although one may think so."""

    label = serializers.IntegerField(allow_null=True, help_text="what it is")  # type: ignore[assignment]  # as in DRF


# `class` and `not` are words that Python keeps for itself, hence this one by name.
GuideSerializer = inline_serializer(
    "Guide",
    {
        "class": serializers.IntegerField(),
        "instructions": serializers.CharField(allow_blank=True, help_text="Markdown"),
        "shows": GuidePictureSerializer(many=True),
        "not": ContrastPictureSerializer(many=True),
    },
)


class NewExampleSerializer(serializers.Serializer[Any]):
    """A picture to pin to a class."""

    image = serializers.IntegerField(min_value=1, max_value=BIGGEST_ID)
    shows = serializers.BooleanField(default=True, help_text="an example of the class; else of what it is not")
    note = serializers.CharField(default="", allow_blank=True, max_length=200)


class ExampleSerializer(serializers.Serializer[Any]):
    """A picture that is pinned to a class."""

    image = serializers.IntegerField(source="image_id")
    shows = serializers.BooleanField()
    note = serializers.CharField(allow_blank=True)


class NeighbourSerializer(serializers.Serializer[Any]):
    """A labelled picture and how much it looks like the one that was asked for."""

    image = ImageBriefSerializer()
    cosine = serializers.FloatField(help_text="of the embeddings: 1 for a copy")
    label = serializers.IntegerField(allow_null=True)  # type: ignore[assignment]  # DRF takes declared fields off
    trust = serializers.ChoiceField(choices=Trust.values)


class NeighboursSerializer(serializers.Serializer[Any]):
    """Labelled pictures, nearest first, or why there are none."""

    results = NeighbourSerializer(many=True)
    reason = serializers.ChoiceField(choices=get_args(Reason), allow_null=True)


def _show(picture: GuidePicture) -> dict[str, Any]:
    return {"image": image_brief(picture.image), "note": picture.note, "pinned": picture.pinned}


class _ClassView(ProjectView):
    """A view of one class."""

    def label_class(self, class_id: int) -> LabelClass:
        """Return the project's class, archived or not."""
        row = self.project.classes.filter(pk=class_id).first()
        if row is None:
            raise NotFound(NO_CLASS)
        return row


class GuideView(_ClassView):
    """What a class is, in words and pictures."""

    roles = {"GET": Role.ANNOTATOR}

    @extend_schema(operation_id="class_guide", responses=GuideSerializer)
    def get(self, request: Request, class_id: int) -> Response:
        """Show a class's guide: pinned pictures first, then those with the most trusted labels."""
        row = self.label_class(class_id)
        found = guide(self.project, row)
        differs = [_show(picture) | {"label": picture.image.label_id} for picture in found.differs]
        shows = [_show(picture) for picture in found.shows]
        return Response({"class": row.pk, "instructions": row.instructions, "shows": shows, "not": differs})


class ExamplesView(_ClassView):
    """The pictures that are pinned to a class's guide."""

    @extend_schema(operation_id="pin_example", request=NewExampleSerializer, responses={201: ExampleSerializer})
    def post(self, request: Request, class_id: int) -> Response:
        """Pin a picture, or change the side that it is on and its note."""
        row = self.label_class(class_id)
        given = NewExampleSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        example = pin_example(
            project=self.project,
            actor=signed_in(request),
            label_class=row,
            image_id=data["image"],
            shows=data["shows"],
            note=data["note"],
        )
        return Response(ExampleSerializer(example).data, status=201)

    @extend_schema(
        operation_id="unpin_example",
        parameters=[OpenApiParameter("image", int, required=True)],
        responses={204: None},
    )
    def delete(self, request: Request, class_id: int) -> Response:
        """Take a picture off the guide."""
        row = self.label_class(class_id)
        unpin_example(label_class=row, image_id=whole_number(request, "image", 0, low=1))
        return Response(status=204)


class NeighboursView(ProjectView):
    """The labelled pictures that look like one."""

    roles = {"GET": Role.ANNOTATOR}

    @extend_schema(
        operation_id="labelled_neighbours",
        parameters=[OpenApiParameter("count", int, description=f"at most {MAX_NEIGHBOURS}; 8 without it")],
        responses=NeighboursSerializer,
    )
    def get(self, request: Request, image_id: int) -> Response:
        """List trusted pictures, nearest first; none (`blind`) for a picture that is to be answered without a hint."""
        count = whole_number(request, "count", 8, low=1, high=MAX_NEIGHBOURS)
        image = Image.objects.present().filter(project=self.project, pk=image_id).first()
        if image is None:
            raise NotFound("There is no such picture in this project.")
        found = labelled_neighbours(image, count)
        near = Image.objects.filter(project=self.project, position__in=found.positions.tolist())
        rows = {row.position: row for row in near.prefetch_related("sources")}
        pairs = zip(found.positions.tolist(), found.cosines.astype(float).round(4).tolist(), strict=True)
        results = [
            {
                "image": image_brief(rows[position]),
                "cosine": cosine,
                "label": rows[position].label_id,
                "trust": rows[position].trust,
            }
            for position, cosine in pairs
            if position in rows
        ]
        return Response({"results": results, "reason": found.reason})
