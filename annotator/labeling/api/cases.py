"""REST views of cases: pictures that people have to talk about, their threads, and what comes of them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotator.accounts.api import signed_in
from annotator.common.errors import NotFound
from annotator.common.pagination import page_by_key
from annotator.images.api.serializers import ImageBriefSerializer, PersonSerializer, show_person
from annotator.images.models import Trust
from annotator.images.selectors import image_brief
from annotator.labeling.api.queue import RowId
from annotator.labeling.models import Annotation, Case
from annotator.labeling.selectors.review import cases, shown_votes
from annotator.labeling.services import comment_case, reopen_case, resolve_case, send_case_back
from annotator.projects.api import ProjectView
from annotator.projects.models import Role

PAGE = 50
MAX_PAGE = 200


class VoteSerializer(serializers.Serializer[Any]):
    """One person's answer."""

    user = PersonSerializer()
    labels = serializers.ListField(child=serializers.IntegerField())
    created_at = serializers.DateTimeField()
    annotation = serializers.IntegerField()


class FlagSerializer(serializers.Serializer[Any]):
    """The flag that opened a case."""

    user = PersonSerializer()
    comment = serializers.CharField(allow_blank=True)
    annotation = serializers.IntegerField()


class CaseCommentSerializer(serializers.Serializer[Any]):
    """One contribution to a case's thread."""

    id = serializers.IntegerField()
    user = PersonSerializer()
    text = serializers.CharField()
    created_at = serializers.DateTimeField()


class ResolutionSerializer(serializers.Serializer[Any]):
    """The answer that closed a case: a reviewer's, or the vote that made all agree."""

    labels = serializers.ListField(child=serializers.IntegerField())
    user = PersonSerializer()


class CaseSerializer(serializers.Serializer[Any]):
    """A picture that was flagged, or whose voters disagree, with all that was said about it."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Case.Kind.choices)
    state = serializers.ChoiceField(choices=Case.State.choices)
    image = ImageBriefSerializer()
    votes = VoteSerializer(many=True, help_text="the newest of each person, in the order in which they were given")
    flag = FlagSerializer(allow_null=True)
    comments = CaseCommentSerializer(many=True, help_text="oldest first")
    assignee = PersonSerializer(allow_null=True, help_text="to whom it was sent back last")
    resolution = ResolutionSerializer(allow_null=True)
    label = serializers.IntegerField(allow_null=True)  # type: ignore[assignment]  # DRF takes fields off the class
    labels = serializers.ListField(child=serializers.IntegerField(), help_text="classes said to be present now")
    trust = serializers.ChoiceField(choices=Trust.values)
    label_version = serializers.IntegerField(help_text="what to send as `seen_version` with a resolution")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class CasePageSerializer(serializers.Serializer[Any]):
    """A page of cases, newest first; go on with `after` = `next`."""

    results = CaseSerializer(many=True)
    next = serializers.IntegerField(allow_null=True)


class CasesQuery(serializers.Serializer[Any]):
    """Which cases to list."""

    state = serializers.ChoiceField(choices=Case.State.choices, required=False, allow_blank=True, default="")
    kind = serializers.ChoiceField(choices=Case.Kind.choices, required=False, allow_blank=True, default="")
    mine = serializers.BooleanField(
        default=False, help_text="flagged by me, sent back to me, or voted on by me; annotators never see others"
    )


class CommentRequest(serializers.Serializer[Any]):
    """What to add to the thread."""

    text = serializers.CharField(max_length=4000)


class ResolveRequest(serializers.Serializer[Any]):
    """The label that a reviewer gives, whether it is one of the votes or another."""

    client_id = serializers.UUIDField()
    labels = serializers.ListField(child=RowId(), max_length=1000)
    seen_version = serializers.IntegerField(min_value=0, max_value=2**31 - 1)


class SendBackRequest(serializers.Serializer[Any]):
    """Whom to ask again, and what."""

    user = RowId()
    text = serializers.CharField(max_length=4000)


def show_vote(row: Annotation) -> dict[str, Any]:
    """Show one person's answer."""
    return {
        "user": show_person(row.user),
        "labels": row.labels,
        "created_at": row.created_at,
        "annotation": row.pk,
    }


def show_case(case: Case) -> dict[str, Any]:
    """Show a case of `review_selectors.cases`."""
    image = case.image
    flag = case.annotation
    return {
        "id": case.pk,
        "kind": case.kind,
        "state": case.state,
        "image": image_brief(image),
        "votes": [show_vote(row) for row in shown_votes(image)],
        "flag": {"user": show_person(flag.user), "comment": flag.comment, "annotation": flag.pk} if flag else None,
        "comments": [
            {"id": row.pk, "user": show_person(row.user), "text": row.text, "created_at": row.created_at}
            for row in sorted(case.comments.all(), key=lambda row: row.pk)
        ],
        "assignee": show_person(case.assignee),
        "resolution": {"labels": case.resolution.labels, "user": show_person(case.resolution.user)}
        if case.resolution
        else None,
        "label": image.label_id,
        "labels": [row.label_class_id for row in image.labels.all() if row.present],
        "trust": image.trust,
        "label_version": image.label_version,
        "created_at": case.created_at,
        "updated_at": case.updated_at,
    }


class CasesView(ProjectView):
    """Pictures that people have to talk about."""

    roles = {"GET": Role.ANNOTATOR}

    @extend_schema(
        operation_id="cases",
        parameters=[CasesQuery, OpenApiParameter("after", int), OpenApiParameter("limit", int)],
        responses=CasePageSerializer,
    )
    def get(self, request: Request) -> Response:
        """List cases, newest first; annotators see those that concern them."""
        query = CasesQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        own = asked["mine"] or self.role < Role.REVIEWER
        rows = cases(self.project, concerning=signed_in(request) if own else None)
        rows = rows.filter(**{name: asked[name] for name in ("state", "kind") if asked[name]})
        return Response(page_by_key(request, rows, show_case, newest_first=True, limit=PAGE, max_limit=MAX_PAGE))


class OneCaseView(ProjectView):
    """The base of what is about one case: annotators reach those that concern them."""

    def case(self, case_id: int) -> Case:
        """Find the case, or answer that there is none."""
        concerning = None if self.role >= Role.REVIEWER else signed_in(self.request)
        found = cases(self.project, concerning=concerning).filter(pk=case_id).first()
        if found is None:
            raise NotFound("There is no such case in this project, or it does not concern you.")
        return found

    def show(self, case_id: int, **how: Any) -> Response:
        """Answer with the case as it is now."""
        return Response(show_case(self.case(case_id)), **how)


class CaseView(OneCaseView):
    """One case."""

    roles = {"GET": Role.ANNOTATOR}

    @extend_schema(operation_id="case", responses=CaseSerializer)
    def get(self, request: Request, case_id: int) -> Response:
        """Show a case with its votes and its thread."""
        return self.show(case_id)


class CaseCommentsView(OneCaseView):
    """A case's thread."""

    roles = {"POST": Role.ANNOTATOR}

    @extend_schema(operation_id="comment_case", request=CommentRequest, responses={201: CaseSerializer})
    def post(self, request: Request, case_id: int) -> Response:
        """Add to the thread."""
        case = self.case(case_id)
        body = CommentRequest(data=request.data)
        body.is_valid(raise_exception=True)
        comment_case(case=case, user=signed_in(request), text=body.validated_data["text"])
        return self.show(case_id, status=status.HTTP_201_CREATED)


class CaseResolveView(OneCaseView):
    """The end of a case."""

    roles = {"POST": Role.REVIEWER}

    @extend_schema(operation_id="resolve_case", request=ResolveRequest, responses=CaseSerializer)
    def post(self, request: Request, case_id: int) -> Response:
        """Give the picture its label, with the trust of a review; sending it again changes nothing."""
        case = self.case(case_id)
        body = ResolveRequest(data=request.data)
        body.is_valid(raise_exception=True)
        resolve_case(case=case, user=signed_in(request), **body.validated_data)
        return self.show(case_id)


class CaseSendBackView(OneCaseView):
    """Asking somebody again."""

    roles = {"POST": Role.REVIEWER}

    @extend_schema(operation_id="send_case_back", request=SendBackRequest, responses=CaseSerializer)
    def post(self, request: Request, case_id: int) -> Response:
        """Send a case back to somebody, with what to look at; it is among that person's cases then."""
        case = self.case(case_id)
        body = SendBackRequest(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        send_case_back(case=case, user=signed_in(request), assignee_id=given["user"], text=given["text"])
        return self.show(case_id)


class CaseReopenView(OneCaseView):
    """A case that was closed too early."""

    roles = {"POST": Role.REVIEWER}

    @extend_schema(operation_id="reopen_case", request=None, responses=CaseSerializer)
    def post(self, request: Request, case_id: int) -> Response:
        """Open a case again; a reviewer's resolution is taken back, and the label before it returns."""
        reopen_case(case=self.case(case_id), user=signed_in(request))
        return self.show(case_id)
