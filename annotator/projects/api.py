"""REST views of projects, members and classes, and the base view of everything inside a project."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.accounts.api import UserSerializer, signed_in
from annotator.common.errors import Conflict, Forbidden
from annotator.projects import services
from annotator.projects.models import LabelClass, Membership, Project, Role
from annotator.projects.selectors import get_project, group_ids, role_of

ROLES = {role.label: role for role in Role}
ROLE_CHOICES = [role.label for role in Role]
MAX_INSTRUCTIONS = 20_000  # characters of a class's guide


class ProjectView(APIView):
    """A view under `/api/projects/{project_id}/`. `roles` says what each method needs; unnamed methods need a lead.

    Handlers find the project in `self.project`; they get the other parts of the address as arguments.
    """

    roles: dict[str, Role] = {}
    changes_archived = False
    project: Project

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Keep the project's id from the handlers, which have no use for it."""
        self.project_id = kwargs.pop("project_id")
        return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticate, then find the project and check the person's role in it."""
        super().initial(request, *args, **kwargs)
        role = self.roles.get(request.method or "", Role.LEAD)
        self.project = get_project(request.user, self.project_id, role=role)
        reads = request.method in SAFE_METHODS
        if self.project.archived_at is not None and not (reads or self.changes_archived):
            raise Conflict("This project is archived. Bring it back in its settings, then try again.", code="archived")

    @property
    def role(self) -> Role:
        """The role of the person who asks."""
        return role_of(self.request.user, self.project) or Role.VIEWER


SETTINGS = [
    "name",
    "instructions",
    "backbone",
    "target_per_class",
    "refresh_every",
    "reserve_share",
    "reserve_max",
    "blind_every",
    "strategy",
    "control_share",
    "round_size",
    "overlap_share",
    "overlap_votes",
    "verify_adaptive",
    "gold_per_page",
]


class ProjectSerializer(serializers.ModelSerializer[Project]):
    """A project with its settings, and what the person who asks may do in it (`context["roles"]` by project id)."""

    role = serializers.SerializerMethodField()
    archived = serializers.SerializerMethodField()

    class Meta:
        model = Project
        fields = ["id", *SETTINGS, "label_mode", "role", "created_at", "archived"]
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(choices=ROLE_CHOICES))
    def get_role(self, project: Project) -> str:
        return self.context["roles"][project.pk].label

    @extend_schema_field(bool)
    def get_archived(self, project: Project) -> bool:
        return project.archived_at is not None


CLASS_DRAFT = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "description": {"type": "string"}},
    "required": ["name"],
}


@extend_schema_field({"oneOf": [{"type": "string"}, CLASS_DRAFT]})
class ClassDraftField(serializers.Field[Any, Any, Any, Any]):
    """A class to create: its name, or an object with name and description."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        draft = ClassDraftSerializer(data=data if isinstance(data, dict) else {"name": data})
        draft.is_valid(raise_exception=True)
        return draft.validated_data

    def to_representation(self, value: Any) -> Any:
        return value


class ClassDraftSerializer(serializers.Serializer[Any]):
    """A class to create. Length and repeats are checked by the service, which knows the other names."""

    name = serializers.CharField(allow_blank=True)
    description = serializers.CharField(required=False, allow_blank=True)


class NewProjectSerializer(serializers.ModelSerializer[Project]):
    """What it takes to create a project; only the name is needed."""

    classes = serializers.ListField(child=ClassDraftField(), required=False, max_length=2000)

    class Meta:
        model = Project
        fields = [*SETTINGS, "label_mode", "classes"]


class ProjectChangeSerializer(serializers.ModelSerializer[Project]):
    """What a lead may change."""

    archived = serializers.BooleanField(required=False)

    class Meta:
        model = Project
        fields = [*SETTINGS, "archived"]


class LabelClassSerializer(serializers.ModelSerializer[LabelClass]):
    """A class as the pages show it; `color` is an index into the palette."""

    aliases = serializers.ListField(child=serializers.CharField())
    group = serializers.SerializerMethodField()
    archived = serializers.SerializerMethodField()

    class Meta:
        model = LabelClass
        fields = [
            *("id", "name", "index", "color", "hotkey", "description", "instructions", "aliases", "parent"),
            *("group", "archived"),
        ]
        read_only_fields = fields

    @extend_schema_field({"type": "boolean", "description": "it has classes in it, so it is never a label"})
    def get_group(self, row: LabelClass) -> bool:
        return row.pk in self.context["groups"]

    @extend_schema_field(bool)
    def get_archived(self, row: LabelClass) -> bool:
        return row.archived_at is not None


def show_classes(rows: Iterable[LabelClass], project: Project) -> list[dict[str, Any]]:
    """Return the JSON of some of a project's classes."""
    context = {"groups": group_ids(project.pk)}
    return [LabelClassSerializer(row, context=context).data for row in rows]


class ClassWordsSerializer(serializers.Serializer[Any]):
    """What a lead may say of a class, besides its name."""

    description = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    instructions = serializers.CharField(
        required=False, allow_blank=True, max_length=MAX_INSTRUCTIONS, trim_whitespace=False, help_text="Markdown"
    )
    aliases = serializers.ListField(
        child=serializers.CharField(allow_blank=True),
        required=False,
        max_length=100,
        help_text="other names that the search finds it by",
    )
    hotkey = serializers.CharField(required=False, allow_blank=True, max_length=1)
    parent = serializers.IntegerField(  # type: ignore[assignment]  # DRF takes declared fields off the class
        required=False, allow_null=True, min_value=1, max_value=2**63 - 1, help_text="the group that it is in"
    )


class NewClassSerializer(ClassWordsSerializer):
    """One class to add; without a hotkey it gets the first free letter of its name."""

    name = serializers.CharField(allow_blank=True)


class NewClassesSerializer(serializers.Serializer[Any]):
    """Several classes to add, by name."""

    names = serializers.ListField(child=serializers.CharField(allow_blank=True), min_length=1, max_length=2000)


class ClassChangeSerializer(ClassWordsSerializer):
    """What a lead may change of a class."""

    name = serializers.CharField(required=False, allow_blank=True)
    color = serializers.IntegerField(required=False, min_value=0, max_value=services.PALETTE - 1)
    archived = serializers.BooleanField(required=False)


class MemberSerializer(serializers.ModelSerializer[Membership]):
    """A person and the role that the person has."""

    user = UserSerializer()
    role = serializers.ChoiceField(choices=ROLE_CHOICES, source="get_role_display")

    class Meta:
        model = Membership
        fields = ["user", "role"]


class NewMemberSerializer(serializers.Serializer[Any]):
    """A person to add."""

    username = serializers.CharField(max_length=150)
    role = serializers.ChoiceField(choices=ROLE_CHOICES)


class RoleSerializer(serializers.Serializer[Any]):
    """A member's new role."""

    role = serializers.ChoiceField(choices=ROLE_CHOICES)


def show_project(project: Project, role: Role) -> dict[str, Any]:
    """Return the JSON of a project for a person with this role."""
    return ProjectSerializer(project, context={"roles": {project.pk: role}}).data


class ProjectDetailView(ProjectView):
    """One project and its settings."""

    roles = {"GET": Role.VIEWER}
    changes_archived = True

    @extend_schema(operation_id="project", responses=ProjectSerializer)
    def get(self, request: Request) -> Response:
        return Response(show_project(self.project, self.role))

    @extend_schema(operation_id="update_project", request=ProjectChangeSerializer, responses=ProjectSerializer)
    def patch(self, request: Request) -> Response:
        given = ProjectChangeSerializer(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        self.check_changes(given.validated_data)
        project = services.update_project(project=self.project, actor=signed_in(request), **given.validated_data)
        return Response(show_project(project, self.role))

    def check_changes(self, changes: dict[str, Any]) -> None:
        """Refuse what only a higher app can tell to be impossible; it does so in a view of its own."""

    @extend_schema(operation_id="archive_project", responses={204: None})
    def delete(self, request: Request) -> Response:
        services.update_project(project=self.project, actor=signed_in(request), archived=True)
        return Response(status=204)


class ClassesView(ProjectView):
    """The project's classes, archived ones included, in order of creation."""

    roles = {"GET": Role.VIEWER}

    @extend_schema(operation_id="classes", responses=LabelClassSerializer(many=True))
    def get(self, request: Request) -> Response:
        return Response(show_classes(self.project.classes.order_by("index"), self.project))

    @extend_schema(
        operation_id="create_classes",
        request=PolymorphicProxySerializer(
            component_name="NewClassOrClasses",
            serializers=[NewClassesSerializer, NewClassSerializer],
            resource_type_field_name=None,
        ),
        responses={201: LabelClassSerializer(many=True)},
    )
    def post(self, request: Request) -> Response:
        several = isinstance(request.data, dict) and "names" in request.data
        given = (NewClassesSerializer if several else NewClassSerializer)(data=request.data)
        given.is_valid(raise_exception=True)
        add = services.create_classes if several else services.create_class
        rows = add(project=self.project, actor=signed_in(request), **given.validated_data)
        return Response(show_classes(rows, self.project), status=201)


class ClassView(ProjectView):
    """One class."""

    @extend_schema(operation_id="update_class", request=ClassChangeSerializer, responses=LabelClassSerializer)
    def patch(self, request: Request, class_id: int) -> Response:
        given = ClassChangeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        row = services.update_class(
            project=self.project, class_id=class_id, actor=signed_in(request), **given.validated_data
        )
        return Response(show_classes([row], self.project)[0])


class MembersView(ProjectView):
    """Who works in the project."""

    roles = {"GET": Role.VIEWER}

    @extend_schema(operation_id="members", responses=MemberSerializer(many=True))
    def get(self, request: Request) -> Response:
        members = self.project.memberships.select_related("user").order_by("-role", "user__username")
        return Response(MemberSerializer(members, many=True).data)

    @extend_schema(operation_id="add_member", request=NewMemberSerializer, responses={201: MemberSerializer})
    def post(self, request: Request) -> Response:
        given = NewMemberSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        username, role = given.validated_data["username"], ROLES[given.validated_data["role"]]
        member = services.add_member(project=self.project, actor=signed_in(request), username=username, role=role)
        return Response(MemberSerializer(member).data, status=201)


class MemberView(ProjectView):
    """One member; anybody may leave, only a lead removes others."""

    roles = {"DELETE": Role.VIEWER}

    @extend_schema(operation_id="change_member", request=RoleSerializer, responses=MemberSerializer)
    def patch(self, request: Request, user_id: int) -> Response:
        given = RoleSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        role = ROLES[given.validated_data["role"]]
        member = services.change_member(project=self.project, actor=signed_in(request), user_id=user_id, role=role)
        return Response(MemberSerializer(member).data)

    @extend_schema(operation_id="remove_member", responses={204: None})
    def delete(self, request: Request, user_id: int) -> Response:
        actor = signed_in(request)
        if user_id != actor.pk and self.role < Role.LEAD:
            raise Forbidden("Only a lead may remove other members.")
        services.remove_member(project=self.project, actor=actor, user_id=user_id)
        return Response(status=204)
