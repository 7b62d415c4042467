"""REST view of how far the people who label the same pictures agree."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotator.images.api.serializers import PersonSerializer
from annotator.labeling.selectors.review import project_agreement
from annotator.projects.api import ProjectView
from annotator.projects.models import Role

PairSerializer = inline_serializer(
    "AgreementOfTwo",
    {
        "a": PersonSerializer(),
        "b": PersonSerializer(),
        "pictures": serializers.IntegerField(help_text="that both of them labelled"),
        "percent": serializers.FloatField(help_text="share of them with the same answer, 0 to 1"),
        "kappa": serializers.FloatField(allow_null=True, help_text="Cohen's κ; null where it is undefined"),
    },
    many=True,
)

# `class` is a word that Python keeps for itself, hence this one by name.
ClassAgreementSerializer = inline_serializer(
    "AgreementOnClass",
    {
        "class": serializers.IntegerField(),
        "pictures": serializers.IntegerField(help_text="that somebody said it of"),
        "percent": serializers.FloatField(
            help_text="chance that another voter said it, too, of a picture that one voter said it of, 0 to 1"
        ),
        "alpha": serializers.FloatField(allow_null=True, help_text="Krippendorff's α of this class against the rest"),
    },
    many=True,
)


class AgreementSerializer(serializers.Serializer[Any]):
    """Agreement of all pictures that several people labelled independently."""

    pictures = serializers.IntegerField(help_text="with two votes or more")
    votes = serializers.IntegerField(help_text="on them")
    percent = serializers.FloatField(allow_null=True, help_text="share of pairs of votes that agree, 0 to 1")
    alpha = serializers.FloatField(allow_null=True, help_text="Krippendorff's α, nominal; null where it is undefined")
    kappa = PairSerializer
    per_class = ClassAgreementSerializer


class AgreementView(ProjectView):
    """How far labelers agree."""

    roles = {"GET": Role.REVIEWER}

    @extend_schema(operation_id="agreement", responses=AgreementSerializer)
    def get(self, request: Request) -> Response:
        """Show percent agreement, Cohen's κ of each two people, and Krippendorff's α of the project and each class."""
        return Response(project_agreement(self.project))
