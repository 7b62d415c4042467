"""Receiving pictures: the web only streams bytes into the inbox; looking into them is the workers' job."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from annotator.common.errors import DomainError
from annotator.images.api.imports import get_batch
from annotator.images.services import receive_files
from annotator.projects.api import ProjectView
from annotator.projects.models import Role

SPARE_BYTES = 1024**3  # of the disk, kept free for the database and for what the import writes


class TooLarge(DomainError):
    """More bytes than the server takes or has room for."""

    status = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    code = "too_large"


class InboxFile(TemporaryUploadedFile):
    """An upload that lies on the inbox's own file system, so that putting it in its place is a rename."""

    def __init__(self, handler: FileUploadHandler) -> None:
        folder = Path(settings.INBOX_DIR) / "incoming"
        folder.mkdir(parents=True, exist_ok=True)
        file = tempfile.NamedTemporaryFile(dir=folder, suffix=".part")  # noqa: SIM115 - the request closes it
        UploadedFile.__init__(self, file, handler.file_name, handler.content_type, 0, handler.charset)


class InboxUploadHandler(FileUploadHandler):
    """Streams each file of a request to the inbox's disk."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Open the file that the next chunks belong to."""
        super().new_file(*args, **kwargs)
        self.file = InboxFile(self)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write a chunk."""
        self.file.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile:
        """Hand the whole file over."""
        self.file.seek(0)
        self.file.size = file_size
        return self.file

    def upload_interrupted(self) -> None:
        """Forget a file that did not arrive whole."""
        if hasattr(self, "file"):
            self.file.close()


class FilesRequest(serializers.Serializer):
    """`paths` is a JSON list of relative POSIX paths, one for each of the repeated `files`, in the same order."""

    paths = serializers.CharField()
    files = serializers.ListField(child=serializers.FileField())


class RefusedSerializer(serializers.Serializer):
    """A file that was turned away because of its path."""

    path = serializers.CharField()
    reason = serializers.CharField()
    detail = serializers.CharField()


class FilesResponse(serializers.Serializer):
    """How many files are in the inbox now because of this request, and which are not."""

    received = serializers.IntegerField()
    rejected = RefusedSerializer(many=True)


class ImportFilesView(ProjectView):
    """Send files of an import; as many calls as it takes. The same path again replaces the file."""

    roles = {"POST": Role.LEAD}
    parser_classes = [MultiPartParser]

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Choose the upload handler before anything reads the body."""
        request.upload_handlers = [InboxUploadHandler(request)]
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse what is too large before its body is read."""
        check_size(request)
        super().initial(request, *args, **kwargs)

    def handle_exception(self, exc: Exception) -> Response:
        """Django calls too many files or fields in a request suspicious; to us it is a wrong request."""
        if isinstance(exc, SuspiciousOperation):
            exc = DomainError(f"This request cannot be read: {exc}", code="bad_request")
        return super().handle_exception(exc)

    @extend_schema(request={"multipart/form-data": FilesRequest}, responses=FilesResponse)
    def post(self, request: Request, batch_id: int) -> Response:
        """Receive some files."""
        batch = get_batch(self.project, batch_id)
        files = request.FILES.getlist("files")
        paths = read_paths(request.POST.get("paths"), len(files))
        refused = receive_files(batch=batch, files=list(zip(paths, files, strict=True)))
        shown = [{"path": row.path, "reason": row.reason, "detail": row.detail} for row in refused]
        return Response({"received": len(files) - len(refused), "rejected": shown})


def check_size(request: Request) -> None:
    """Raise TooLarge for a body that is over the limit, or that the disk has no room for."""
    try:
        size = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        size = 0
    if size > settings.MAX_UPLOAD_BYTES:
        limit = settings.MAX_UPLOAD_BYTES / 1024**2
        raise TooLarge(f"One request takes at most {limit:,.0f} MiB. Send fewer files at a time.")
    inbox = Path(settings.INBOX_DIR)
    inbox.mkdir(parents=True, exist_ok=True)
    if size + SPARE_BYTES > shutil.disk_usage(inbox).free:
        raise TooLarge("The server's disk is nearly full. Ask your administrator to make room.", code="no_room")


def read_paths(text: Any, count: int) -> list[str]:
    """Read the `paths` field.

    Raises:
        DomainError: it is not a JSON list of strings, or not one for each file.
    """
    try:
        paths = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        paths = None
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        message = "Give a JSON list of relative paths, one for each file."
    elif len(paths) != count:
        message = f"There are {count} files but {len(paths)} paths."
    elif not paths:
        message = "There is no file in this request."
    else:
        return paths
    raise DomainError(message, errors={"paths": [message]})
