"""REST views of near-duplicates: the groups, the search, and taking a group apart."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotator.accounts.api import signed_in
from annotator.common.pagination import whole_number
from annotator.curation.selectors import group_page, searched_up_to
from annotator.curation.services import request_duplicates, separate
from annotator.images.api.serializers import ImageBriefSerializer
from annotator.jobs.api import JobSerializer
from annotator.projects.api import ProjectView
from annotator.projects.models import Role

MAX_GROUPS = 200
CHANGES = ("re-encoded", "resized", "brightness", "mirrored", "cropped")


class DuplicatePairSerializer(serializers.Serializer):
    """Two copies, and what the machine rests on."""

    first = serializers.IntegerField(help_text="image id")
    second = serializers.IntegerField(help_text="image id")
    score = serializers.FloatField(help_text="how sure the machine is, 0 … 1")
    changes = serializers.ListField(child=serializers.ChoiceField(choices=CHANGES))
    likeness = serializers.FloatField(help_text="correlation of brightness")
    detail = serializers.FloatField(help_text="correlation of fine detail")
    gain = serializers.FloatField(help_text="contrast of one against the other")
    offset = serializers.FloatField(help_text="grey levels that one is lighter")
    area = serializers.FloatField(help_text="share of the larger picture that the smaller one shows")


class DuplicateGroupSerializer(serializers.Serializer):
    """Pictures that are copies of one another."""

    group = serializers.IntegerField(help_text="position of its first picture")
    members = ImageBriefSerializer(many=True)
    pairs = DuplicatePairSerializer(many=True)


class DuplicateGroupPageSerializer(serializers.Serializer):
    """A page of groups, and up to which position pictures were compared."""

    results = DuplicateGroupSerializer(many=True)
    next = serializers.IntegerField(allow_null=True)
    searched = serializers.IntegerField()


class SplitRequest(serializers.Serializer):
    """Which pictures stand apart from the rest; without any, all stand for themselves."""

    images = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), max_length=1000, default=list
    )


class SplitResponse(serializers.Serializer):
    """What was kept."""

    separation = serializers.IntegerField()
    parts = serializers.ListField(child=serializers.ListField(child=serializers.IntegerField()), help_text="positions")


class DuplicatesView(ProjectView):
    """Groups of near-duplicates."""

    roles = {"GET": Role.VIEWER}

    @extend_schema(
        parameters=[OpenApiParameter("after", int), OpenApiParameter("limit", int)],
        responses=DuplicateGroupPageSerializer,
    )
    def get(self, request: Request) -> Response:
        """List groups in order of their first picture, with the reason for every pair."""
        after = whole_number(request, "after", -1, low=-1)
        limit = whole_number(request, "limit", 50, low=1, high=MAX_GROUPS)
        groups, following = group_page(self.project.pk, after=after, limit=limit)
        return Response({"results": groups, "next": following, "searched": searched_up_to(self.project.pk)})


class DuplicatesFindView(ProjectView):
    """Search for near-duplicates."""

    roles = {"POST": Role.LEAD}

    @extend_schema(request=None, responses={202: JobSerializer})
    def post(self, request: Request) -> Response:
        """Compare the pictures that were not compared yet with all others; this also happens after every import."""
        job = request_duplicates(project=self.project, user=signed_in(request))
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)


class DuplicatesSplitView(ProjectView):
    """Take a group apart."""

    roles = {"POST": Role.REVIEWER}

    @extend_schema(request=SplitRequest, responses=SplitResponse)
    def post(self, request: Request, group: int) -> Response:
        """Say that pictures of a group are no duplicates; they are never grouped again."""
        body = SplitRequest(data=request.data)
        body.is_valid(raise_exception=True)
        images = body.validated_data["images"]
        kept = separate(project=self.project, group=group, user=signed_in(request), image_ids=images)
        return Response({"separation": kept.pk, "parts": kept.parts})
