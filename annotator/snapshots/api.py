"""REST views of snapshots and exports."""

from __future__ import annotations

import mimetypes
from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotator.accounts.api import signed_in
from annotator.common.arrays import array_path
from annotator.common.errors import DomainError, NotFound
from annotator.common.pagination import page_by_key, whole_number
from annotator.common.ranges import file_response
from annotator.images.api.serializers import PersonSerializer, show_person
from annotator.images.models import Trust
from annotator.images.selectors.briefs import blob_url
from annotator.jobs.api import JobSerializer, show_job
from annotator.projects.api import ProjectView
from annotator.projects.models import Project, Role
from annotator.snapshots import selectors, services
from annotator.snapshots.models import Export, Snapshot, Split

PAGE = [OpenApiParameter("after", int), OpenApiParameter("limit", int)]
TRUSTED = [label for value, label in Trust.choices if value > Trust.NONE]
SHARES = {
    "type": "object",
    "properties": {name: {"type": "number", "minimum": 0, "maximum": 1} for name in Split.values},
    "required": Split.values,
}


@extend_schema_field({"oneOf": [SHARES, {"type": "string", "enum": [services.IMPORTED]}]})
class SplitsField(serializers.Field[Any, Any, Any, Any]):
    """Shares of train, validation and test, or the word "imported"."""

    def to_internal_value(self, data: Any) -> dict[str, float] | str:
        numbers = isinstance(data, dict) and all(
            isinstance(value, int | float) and not isinstance(value, bool) for value in data.values()
        )
        if data != services.IMPORTED and not numbers:
            raise serializers.ValidationError("Give the shares of train, validation and test, or “imported”.")
        services.check_splits(data)
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class SnapshotSettingsSerializer(serializers.Serializer[Any]):
    """What is to be frozen."""

    min_trust = serializers.ChoiceField(choices=TRUSTED, default=Trust.IMPORTED.label)
    include_certified = serializers.BooleanField(default=False)
    min_per_class = serializers.IntegerField(
        min_value=1, max_value=2**31, allow_null=True, default=None, help_text="smaller classes are left out"
    )
    max_per_class = serializers.IntegerField(
        min_value=1, max_value=2**31, allow_null=True, default=None, help_text="besides reserve and hold-outs"
    )
    splits = SplitsField(default=services.DEFAULT_SHARES)


class NewSnapshotSerializer(SnapshotSettingsSerializer):
    """A snapshot to make."""

    name = serializers.CharField(max_length=200, required=False, allow_blank=True)


class SnapshotChangeSerializer(serializers.Serializer[Any]):
    """All that can be changed of a snapshot."""

    archived = serializers.BooleanField()


class SnapshotClassSerializer(serializers.Serializer[Any]):
    """A class and its pictures by split."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    train = serializers.IntegerField()
    validation = serializers.IntegerField()
    test = serializers.IntegerField()


class SnapshotSerializer(serializers.Serializer[Any]):
    """A snapshot."""

    id = serializers.IntegerField()
    number = serializers.IntegerField()
    name = serializers.CharField()
    hash = serializers.CharField()
    rows = serializers.IntegerField()
    classes = SnapshotClassSerializer(many=True)
    settings = SnapshotSettingsSerializer()
    created_by = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    archived = serializers.SerializerMethodField()

    def get_archived(self, snapshot: Snapshot) -> bool:
        """Whether it was put out of sight."""
        return snapshot.archived_at is not None

    @extend_schema_field(PersonSerializer(allow_null=True))
    def get_created_by(self, snapshot: Snapshot) -> dict[str, Any] | None:
        """Who asked for it."""
        return show_person(snapshot.created_by)


class LookAlikeSerializer(serializers.Serializer[Any]):
    """Two pictures that look alike, by position."""

    train = serializers.IntegerField()
    test = serializers.IntegerField()
    similarity = serializers.FloatField()


class LookAlikesSerializer(serializers.Serializer[Any]):
    """Pictures of train and test whose embeddings are nearly the same."""

    threshold = serializers.FloatField(help_text="cosine similarity")
    pairs = serializers.IntegerField()
    test_compared = serializers.IntegerField()
    test = serializers.IntegerField()
    examples = LookAlikeSerializer(many=True)


class LeftOutSerializer(serializers.Serializer[Any]):
    """Labelled pictures that are not in the snapshot."""

    certified = serializers.IntegerField()
    small_classes = serializers.DictField(child=serializers.IntegerField())
    above_maximum = serializers.IntegerField(required=False)


class ReportSerializer(serializers.Serializer[Any]):
    """What was left out, moved, or is found on both sides of a split."""

    left_out = LeftOutSerializer()
    groups_moved = serializers.IntegerField(help_text="duplicate groups kept together against a picture's own draw")
    groups_moved_examples = serializers.ListField(child=serializers.IntegerField())
    groups_across_splits = serializers.IntegerField()
    copies_across_splits = serializers.IntegerField()
    look_alikes = LookAlikesSerializer(allow_null=True)


class SnapshotDetailSerializer(SnapshotSerializer):
    """A snapshot with its report."""

    report = ReportSerializer()


class SnapshotRowSerializer(serializers.Serializer[Any]):
    """A picture of a snapshot."""

    position = serializers.IntegerField()
    sha256 = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # DRF takes declared fields off the class
    label_id = serializers.IntegerField()
    label = serializers.CharField()  # type: ignore[assignment]  # as above
    labels = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="all of them, where pictures may have several"
    )
    trust = serializers.ChoiceField(choices=Trust.values)
    split = serializers.ChoiceField(choices=Split.values)
    blind = serializers.BooleanField()
    group = serializers.IntegerField()
    origin = serializers.CharField(allow_blank=True)
    annotator_id = serializers.IntegerField(allow_null=True)
    suggestion_head = serializers.CharField(allow_null=True)
    suggestion = serializers.CharField(allow_null=True)
    suggestion_confidence = serializers.FloatField(allow_null=True)
    thumb = serializers.CharField()


class NewExportSerializer(serializers.Serializer[Any]):
    """An export to make. `archive` and `pictures` matter to formats that hold files."""

    snapshot = serializers.IntegerField(min_value=1, max_value=2**62)
    format = serializers.ChoiceField(choices=Export.Format.choices)
    archive = serializers.ChoiceField(choices=Export.Archive.choices, default=Export.Archive.ZIP)
    pictures = serializers.ChoiceField(choices=Export.Pictures.choices, default=Export.Pictures.ORIGINAL)


class ExportSerializer(serializers.Serializer[Any]):
    """A file made of a snapshot."""

    id = serializers.IntegerField()
    snapshot = serializers.IntegerField(source="snapshot_id")
    format = serializers.ChoiceField(choices=Export.Format.choices)
    archive = serializers.CharField(allow_blank=True)
    pictures = serializers.CharField(allow_blank=True)
    filename = serializers.CharField()
    bytes = serializers.IntegerField()
    sha256 = serializers.CharField()
    url = serializers.SerializerMethodField()
    created_by = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()

    def get_url(self, export: Export) -> str:
        """Where the file is."""
        return f"/api/projects/{export.project_id}/exports/{export.pk}/download"

    @extend_schema_field(PersonSerializer(allow_null=True))
    def get_created_by(self, export: Export) -> dict[str, Any] | None:
        """Who asked for it."""
        return show_person(export.created_by)


def _page(name: str, rows: serializers.Serializer[Any]) -> serializers.Serializer[Any]:
    return inline_serializer(name, {"results": rows, "next": serializers.IntegerField(allow_null=True)})


def get_snapshot(project: Project, snapshot_id: int) -> Snapshot:
    """Return the project's snapshot, or raise NotFound."""
    snapshot = selectors.snapshots_of(project).filter(pk=snapshot_id).first()
    if snapshot is None:
        raise NotFound("There is no such snapshot in this project.")
    return snapshot


def get_export(project: Project, export_id: int) -> Export:
    """Return the project's export, or raise NotFound."""
    export = Export.objects.filter(project=project, pk=export_id).first()
    if export is None:
        raise NotFound("There is no such export in this project (any more).")
    return export


class SnapshotsView(ProjectView):
    """The project's snapshots."""

    roles = {"GET": Role.VIEWER}

    @extend_schema(
        operation_id="snapshots", parameters=PAGE, responses=_page("SnapshotPage", SnapshotSerializer(many=True))
    )
    def get(self, request: Request) -> Response:
        """List snapshots, newest first."""
        rows = selectors.snapshots_of(self.project)
        return Response(page_by_key(request, rows, lambda row: SnapshotSerializer(row).data, newest_first=True))

    @extend_schema(operation_id="create_snapshot", request=NewSnapshotSerializer, responses={202: JobSerializer})
    def post(self, request: Request) -> Response:
        """Freeze the labels as they are; the job's result names the snapshot."""
        body = NewSnapshotSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        trust = {label: value for value, label in Trust.choices}
        given = body.validated_data | {"min_trust": trust[body.validated_data["min_trust"]]}
        job = services.request_snapshot(project=self.project, user=signed_in(request), **given)
        return Response(show_job(job), status=status.HTTP_202_ACCEPTED)


class SnapshotView(ProjectView):
    """One snapshot."""

    roles = {"GET": Role.VIEWER}

    @extend_schema(operation_id="snapshot", responses=SnapshotDetailSerializer)
    def get(self, request: Request, snapshot_id: int) -> Response:
        """Show a snapshot with its report."""
        return Response(SnapshotDetailSerializer(get_snapshot(self.project, snapshot_id)).data)

    @extend_schema(
        operation_id="archive_snapshot", request=SnapshotChangeSerializer, responses=SnapshotDetailSerializer
    )
    def patch(self, request: Request, snapshot_id: int) -> Response:
        """Put a snapshot out of sight, or bring it back; nothing else of it ever changes."""
        body = SnapshotChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        snapshot = get_snapshot(self.project, snapshot_id)
        archived = body.validated_data["archived"]
        snapshot = services.archive_snapshot(snapshot=snapshot, archived=archived, user=signed_in(request))
        return Response(SnapshotDetailSerializer(snapshot).data)


class SnapshotRowsView(ProjectView):
    """The pictures of a snapshot. They tell which ones are in the test set, so they are not for annotators."""

    roles = {"GET": Role.REVIEWER}

    @extend_schema(
        operation_id="snapshot_rows",
        parameters=[*PAGE, OpenApiParameter("split", str, enum=Split.values), OpenApiParameter("label", int)],
        responses=_page("SnapshotRowPage", SnapshotRowSerializer(many=True)),
    )
    def get(self, request: Request, snapshot_id: int) -> Response:
        """List pictures in order of position, of one split or one class if asked."""
        snapshot = get_snapshot(self.project, snapshot_id)
        split = request.query_params.get("split", "")
        if split not in ("", *Split.values):
            message = f"split must be one of {', '.join(Split.values)}."
            raise DomainError(message, errors={"split": [message]})
        rows, last = selectors.page_of_rows(
            snapshot,
            after=whole_number(request, "after", -1, low=-1),
            limit=whole_number(request, "limit", 100, low=1, high=1000),
            split=split,
            label=whole_number(request, "label", 0) or None,
        )
        shown = [row | {"thumb": blob_url(self.project.pk, row["sha256"], "thumb")} for row in rows]
        return Response({"results": shown, "next": last})


class ExportsView(ProjectView):
    """The project's exports."""

    roles = {"GET": Role.REVIEWER, "POST": Role.REVIEWER}
    changes_archived = True  # an export changes nothing in the project

    @extend_schema(operation_id="exports", parameters=PAGE, responses=_page("ExportPage", ExportSerializer(many=True)))
    def get(self, request: Request) -> Response:
        """List exports that can be downloaded, newest first."""
        rows = Export.objects.filter(project=self.project).select_related("created_by")
        return Response(page_by_key(request, rows, lambda row: ExportSerializer(row).data, newest_first=True))

    @extend_schema(operation_id="create_export", request=NewExportSerializer, responses={202: JobSerializer})
    def post(self, request: Request) -> Response:
        """Write a snapshot as a file; the job's result names the export."""
        body = NewExportSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = dict(body.validated_data)
        snapshot = get_snapshot(self.project, given.pop("snapshot"))
        job = services.request_export(snapshot=snapshot, user=signed_in(request), **given)
        return Response(show_job(job), status=status.HTTP_202_ACCEPTED)


class ExportView(ProjectView):
    """One export."""

    changes_archived = True

    @extend_schema(operation_id="delete_export", responses={204: None})
    def delete(self, request: Request, export_id: int) -> Response:
        """Delete an export's file; it can be made again."""
        services.remove_export(export=get_export(self.project, export_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class ExportDownloadView(ProjectView):
    """The file of an export."""

    roles = {"GET": Role.REVIEWER}

    @extend_schema(
        operation_id="download_export",
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            (206, "application/octet-stream"): OpenApiTypes.BINARY,
            304: None,
            416: None,
        },
    )
    def get(self, request: Request, export_id: int) -> HttpResponseBase:
        """Send the file, or the part that a Range header asks for, so that a download can resume."""
        export = get_export(self.project, export_id)
        kind = mimetypes.types_map.get("." + export.filename.rpartition(".")[2], "application/octet-stream")
        path = array_path(export.folder) / export.filename
        try:
            return file_response(request, path, sha256=export.sha256, filename=export.filename, content_type=kind)
        except FileNotFoundError:
            raise NotFound("This export's file is gone. Delete the export and make it again.") from None
