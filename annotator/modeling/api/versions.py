"""REST views of models: their quality, promotion and going back, trying one, downloads, and the gate's settings."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.core.files.base import ContentFile, File
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from annotator.accounts.api import signed_in
from annotator.common.arrays import array_path
from annotator.common.errors import Conflict, DomainError, NotFound
from annotator.common.pagination import page_by_key, whole_number
from annotator.common.zips import zip_stream
from annotator.images.selectors.briefs import blob_url
from annotator.jobs.api import JobSerializer, show_job
from annotator.modeling import selectors, services
from annotator.modeling.api.shapes import (
    CellPictureSerializer,
    ModelDetailSerializer,
    ModelingSettingsSerializer,
    ModelSerializer,
)
from annotator.modeling.models import ModelVersion
from annotator.modeling.services.tries import MAX_BYTES, TooLarge
from annotator.projects.api import ProjectView
from annotator.projects.models import Role

SPARE = 64 * 1024  # of a multipart body around the file


def _page(name: str, rows: serializers.Serializer[Any]) -> serializers.Serializer[Any]:
    return inline_serializer(name, {"results": rows, "next": serializers.IntegerField(allow_null=True)})


class ModelView(ProjectView):
    """The base of all views of one model."""

    def version(self, model_id: int) -> ModelVersion:
        """Return the model if it is one of this project's."""
        version = selectors.models_of(self.project).filter(pk=model_id).first()
        if version is None:
            raise NotFound("This project has no such model.")
        return version

    def handle_exception(self, exc: Exception) -> Response:
        """A model whose files somebody deleted is told of as such."""
        if isinstance(exc, FileNotFoundError):
            message = "The model's files are gone. Restore the data directory from a backup."
            exc = Conflict(message, code="files_gone")
        return super().handle_exception(exc)

    def folder_of(self, version: ModelVersion) -> str:
        """Return where the model's files are; a pretrained backbone has none."""
        if not version.folder:
            raise NotFound(f"{version.name} is a pretrained backbone, not trained here; it has no files.")
        return version.folder


class ModelsView(ProjectView):
    """The models of a project, newest first."""

    roles = {"GET": Role.VIEWER}

    @extend_schema(
        operation_id="models",
        parameters=[OpenApiParameter("after", int), OpenApiParameter("limit", int)],
        responses=_page("ModelPage", ModelSerializer(many=True)),
    )
    def get(self, request: Request) -> Response:
        """List models."""
        rows = selectors.models_of(self.project)
        show = lambda version: ModelSerializer(version).data  # noqa: E731 - shorter than a function of its own
        return Response(page_by_key(request, rows, show, newest_first=True, limit=50, max_limit=200))


class ModelDetailView(ModelView):
    """One model with all that was measured."""

    roles = {"GET": Role.VIEWER}

    @extend_schema(operation_id="model", responses=ModelDetailSerializer)
    def get(self, request: Request, model_id: int) -> Response:
        """Show a model."""
        return Response(ModelDetailSerializer(self.version(model_id)).data)


class ModelCellView(ModelView):
    """The pictures of one cell of the confusion matrix, in order of position."""

    roles = {"GET": Role.REVIEWER}

    @extend_schema(
        operation_id="model_cell",
        parameters=[
            OpenApiParameter("label", int, required=True, description="class id"),
            OpenApiParameter("predicted", int, required=True, description="class id"),
            OpenApiParameter("part", str, enum=selectors.PARTS, description="of the test set; blind by default"),
            OpenApiParameter("after", int, description="the last position seen"),
            OpenApiParameter("limit", int),
        ],
        responses=_page("CellPage", CellPictureSerializer(many=True)),
    )
    def get(self, request: Request, model_id: int) -> Response:
        """List pictures; those that were archived since are left out."""
        version = self.version(model_id)
        label, predicted = (_required(request, name) for name in ("label", "predicted"))
        part = request.query_params.get("part") or selectors.PARTS[0]
        if part not in selectors.PARTS:
            raise DomainError("part must be blind or test.", errors={"part": ["It must be blind or test."]})
        after, limit = whole_number(request, "after", -1, low=-1), whole_number(request, "limit", 60, low=1, high=500)
        rows = selectors.cell(version, label=label, predicted=predicted, part=part)
        rows = rows[rows["position"] > after][: limit + 1]
        shown = rows[:limit]
        pictures = selectors.pictures_at(self.project, shown["position"].tolist())
        results = [
            {
                "id": pictures[position].pk,
                "position": position,
                "thumb": blob_url(self.project.pk, pictures[position].sha256, "thumb"),
                "preview": blob_url(self.project.pk, pictures[position].sha256, "preview"),
                "label": label,
                "predicted": predicted,
                "confidence": confidence,
            }
            for position, confidence in shown.tolist()
            if position in pictures
        ]
        return Response({"results": results, "next": int(shown["position"][-1]) if len(rows) > limit else None})


def _required(request: Request, name: str) -> int:
    if not request.query_params.get(name):
        raise DomainError(f"Give {name}, a class id.", errors={name: ["This is required."]})
    return whole_number(request, name, 0)


class ModelDownloadView(ModelView):
    """All files of a model in one archive."""

    roles = {"GET": Role.REVIEWER}

    @extend_schema(operation_id="download_model", responses={(200, "application/zip"): OpenApiTypes.BINARY})
    def get(self, request: Request, model_id: int) -> HttpResponseBase:
        """Stream a zip."""
        version = self.version(model_id)
        folder = array_path(self.folder_of(version))
        name = f"{slugify(self.project.name) or 'model'}-{version.name}"
        files = [(f"{name}/{file['name']}", folder / file["name"]) for file in version.files]
        if not files or not all(path.is_file() for _, path in files):
            raise FileNotFoundError(folder)
        response = StreamingHttpResponse(zip_stream(files), content_type="application/zip")
        response["Content-Disposition"] = content_disposition_header(True, f"{name}.zip") or "attachment"
        response["Cache-Control"] = "private, no-store"
        return response


class ModelCardView(ModelView):
    """What a model is, what it was trained on and how good it is, in words."""

    roles = {"GET": Role.VIEWER}

    @extend_schema(
        operation_id="model_card", responses=inline_serializer("ModelCard", {"markdown": serializers.CharField()})
    )
    def get(self, request: Request, model_id: int) -> Response:
        """Show the card."""
        return Response({"markdown": selectors.card_of(self.version(model_id))})


class PromotionSerializer(serializers.Serializer[Any]):
    """How a model is to be promoted."""

    override = serializers.BooleanField(default=False, help_text="although the gate has rejected it")


class ModelPromoteView(ModelView):
    """Letting a model serve."""

    http_method_names = ["post", "options"]
    roles = {"POST": Role.LEAD}

    @extend_schema(
        operation_id="promote_model",
        request=PromotionSerializer,
        responses={200: ModelSerializer, 202: JobSerializer},
    )
    def post(self, request: Request, model_id: int) -> Response:
        """Go back to a model that served before at once (200), or start the promotion of another (202)."""
        given = PromotionSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        version, user = self.version(model_id), signed_in(request)
        if selectors.can_return(version):
            services.roll_back(version=version, user=user)
            return Response(ModelSerializer(self.version(model_id)).data)
        job = services.request_promotion(version=version, user=user, override=given.validated_data["override"])
        assert job is not None, "only the gate is answered with nothing"
        return Response(show_job(job), status=202)


class PictureParser(BaseParser):
    """A body that is the picture itself."""

    media_type = "image/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:
        """Read the whole body, whose size was checked before."""
        return {"file": ContentFile(stream.read(MAX_BYTES + 1))}


class BytesParser(PictureParser):
    """The same from a client that does not know what it sends."""

    media_type = "application/octet-stream"


class ModelTryView(ModelView):
    """What a model says of a picture that is not in the project."""

    http_method_names = ["post", "options"]
    roles = {"POST": Role.ANNOTATOR}
    parser_classes = [MultiPartParser, PictureParser, BytesParser]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse what is too large before its body is read."""
        size = request.META.get("CONTENT_LENGTH") or "0"
        if not size.isdigit() or int(size) > MAX_BYTES + SPARE:
            raise TooLarge(f"A picture to try may have at most {MAX_BYTES // 1024**2} MiB.")
        super().initial(request, *args, **kwargs)

    def handle_exception(self, exc: Exception) -> Response:
        """Django calls too many files or fields in a request suspicious; to us it is a wrong request."""
        if isinstance(exc, SuspiciousOperation):
            exc = DomainError(f"This request cannot be read: {exc}", code="bad_request")
        return super().handle_exception(exc)

    @extend_schema(
        operation_id="try_model",
        request={
            "multipart/form-data": inline_serializer("Try", {"file": serializers.FileField()}),
            "image/*": OpenApiTypes.BINARY,
        },
        responses={202: JobSerializer},
    )
    def post(self, request: Request, model_id: int) -> Response:
        """Take a picture; the job's result says what the model sees: {top: [{class, name, confidence}], ms}."""
        version = self.version(model_id)
        given = request.data if isinstance(request.data, dict) else {}
        picture = given.get("file")
        pieces = picture.chunks() if isinstance(picture, File) else []
        job = services.request_prediction(version=version, user=signed_in(request), picture=pieces)
        return Response(show_job(job), status=202)


class ModelingSettingsView(ProjectView):
    """How the project promotes models."""

    roles = {"GET": Role.VIEWER}

    @extend_schema(operation_id="modeling_settings", responses=ModelingSettingsSerializer)
    def get(self, request: Request) -> Response:
        """Show the settings."""
        return Response(ModelingSettingsSerializer(selectors.settings_of(self.project)).data)

    @extend_schema(
        operation_id="change_modeling_settings",
        request=ModelingSettingsSerializer,
        responses=ModelingSettingsSerializer,
    )
    def patch(self, request: Request) -> Response:
        """Change settings."""
        given = ModelingSettingsSerializer(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        row = services.change_settings(project=self.project, user=signed_in(request), **given.validated_data)
        return Response(ModelingSettingsSerializer(row).data)
