"""Putting pictures into the catalogue: positions, lots, the reserve, exact duplicates, files turned away."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from annotator.images.models import Image, ImageSource, ImportBatch, RejectedFile, Trust
from annotator.projects.models import Project
from annotator.projects.services import next_change, next_positions

MAX_NOTICES = 20


@dataclass(frozen=True)
class Arrival:
    """A decoded file of an import: where it lay, what its folders said, what it is. Blobs are stored already."""

    path: str
    split: str
    folder_label: str
    sha256: str
    width: int
    height: int
    format: str
    bytes: int


@dataclass(frozen=True)
class Refusal:
    """A file that does not become an image: a reason from the closed list, its sentence, a technical remark."""

    path: str
    reason: str
    message: str
    detail: str = ""


def lot_of(project: Project, sha256: str) -> int:
    """Draw an image's lot: signed 64 bits that anybody with the project's key can verify and nobody else predict."""
    digest = hmac.digest(project.lot_key.encode(), sha256.encode(), hashlib.sha256)
    return int.from_bytes(digest[:8], "big", signed=True)


def in_share(lot: int, share: float) -> bool:
    """Whether a lot lies within the lowest `share` of the 64-bit range."""
    return lot + 2**63 < share * 2**64


def insert_images(*, batch: ImportBatch, rows: Sequence[Arrival]) -> list[ImageSource]:
    """Insert one chunk of an import in one short transaction; paths that the batch has already are left out.

    A file whose content the project has is one more source of that image. Where its class folder contradicts the
    image's label (or the folder of an earlier file), the folder becomes a suggestion and the batch gets a notice.

    Returns:
        The new sources, in the order of `rows`.
    """
    with transaction.atomic():
        project = batch.project
        seq = next_change(project_id=project.pk)  # locks the project: inserts of one project follow each other
        known = set(_recorded(ImageSource, batch, [row.path for row in rows]))
        rows = [row for row in rows if row.path not in known]
        present = Image.objects.present().filter(project=project, sha256__in={row.sha256 for row in rows})
        images = {image.sha256: image for image in present.select_related("label")}
        fresh = list({row.sha256: row for row in reversed(rows) if row.sha256 not in images}.values())[::-1]
        claims = _claims(list(images.values()))
        images |= _insert_new(project, batch, fresh, seq)
        sources, notices = _sources(batch, rows, images, claims)
        created = ImageSource.objects.bulk_create(sources)
        _keep_reserve_small(project, seq)
        ImportBatch.objects.filter(pk=batch.pk).update(
            imported=F("imported") + len(fresh),
            duplicates=F("duplicates") + len(rows) - len(fresh),
            conflicts=F("conflicts") + len(notices),
        )
        add_notices(batch=batch, notices=notices)
    return created


def reject_files(*, batch: ImportBatch, rows: Sequence[Refusal]) -> int:
    """Record files that were turned away; a path that is recorded already stays as it is. Returns how many are new."""
    if not rows:
        return 0
    with transaction.atomic():
        next_change(project_id=batch.project_id)
        known = set(_recorded(RejectedFile, batch, [row.path for row in rows]))
        fresh = {row.path: row for row in rows if row.path not in known}
        RejectedFile.objects.bulk_create(
            RejectedFile(batch=batch, path=row.path, reason=row.reason, message=row.message, detail=row.detail)
            for row in fresh.values()
        )
        ImportBatch.objects.filter(pk=batch.pk).update(rejected=F("rejected") + len(fresh))
    return len(fresh)


def add_notices(*, batch: ImportBatch, notices: Sequence[str]) -> None:
    """Append notices to a batch, once each and not too many for a person; inside the caller's transaction."""
    if not notices:
        return
    kept = ImportBatch.objects.values_list("notices", flat=True).get(pk=batch.pk)
    merged = list(dict.fromkeys([*kept, *notices]))[:MAX_NOTICES]
    ImportBatch.objects.filter(pk=batch.pk).update(notices=merged)


def _recorded(model: type[ImageSource] | type[RejectedFile], batch: ImportBatch, paths: list[str]) -> list[str]:
    return list(model.objects.filter(batch=batch, path__in=paths).values_list("path", flat=True))


def _claims(images: Sequence[Image]) -> dict[int, str]:
    """Class name that each image has, or is about to get from an earlier file whose label is not written yet."""
    waiting = ImageSource.objects.filter(
        image__in=[image.pk for image in images if image.label is None],
        suggests=False,
        batch__labels=ImportBatch.Labels.TRUSTED,
    ).exclude(folder_label="")
    claims = dict(waiting.order_by("-id").values_list("image_id", "folder_label"))
    return claims | {image.pk: image.label.name for image in images if image.label is not None}


def _insert_new(project: Project, batch: ImportBatch, rows: Sequence[Arrival], seq: int) -> dict[str, Image]:
    if not rows:
        return {}
    first = next_positions(project_id=project.pk, count=len(rows))
    lots = [lot_of(project, row.sha256) for row in rows]
    images = Image.objects.bulk_create(
        Image(
            project=project,
            batch=batch,
            position=position,
            group=position,
            sha256=row.sha256,
            width=row.width,
            height=row.height,
            format=row.format[:16],
            bytes=row.bytes,
            split=row.split[:16],
            lot=lot,
            reserve=in_share(lot, project.reserve_share),
            change_seq=seq,
        )
        for position, row, lot in zip(range(first, first + len(rows)), rows, lots, strict=True)
    )
    return {image.sha256: image for image in images}


def _sources(
    batch: ImportBatch, rows: Sequence[Arrival], images: dict[str, Image], claims: dict[int, str]
) -> tuple[list[ImageSource], list[str]]:
    """Build the sources of a chunk, and a notice for each class folder that contradicts what the image is."""
    trusted = batch.labels == ImportBatch.Labels.TRUSTED
    suggested = batch.labels == ImportBatch.Labels.SUGGESTIONS
    sources, notices = [], []
    for row in rows:
        image = images[row.sha256]
        folder = row.folder_label
        claim = claims.get(image.pk, "")
        contradicts = bool(folder and claim and folder != claim) and (trusted or suggested)
        if contradicts:
            notices.append(
                f"“{row.path}” is the same picture as one of “{claim}”; its folder “{folder}” became a suggestion."
            )
        if folder and trusted and not claim:
            claims[image.pk] = folder
        source = ImageSource(batch=batch, image=image, path=row.path, split=row.split[:16], folder_label=folder)
        source.suggests = bool(folder) and (suggested or contradicts)
        sources.append(source)
    return sources, notices


def _keep_reserve_small(project: Project, seq: int) -> None:
    """Above `reserve_max`, the highest lots that nobody has answered yet leave the reserve."""
    reserve = Image.objects.present().filter(project=project, reserve=True)
    excess = reserve.count() - project.reserve_max
    if excess > 0:
        open_ = reserve.filter(trust__lt=Trust.PAGE_VERIFIED).order_by("-lot", "-position")
        leaving = list(open_.values_list("pk", flat=True)[:excess])
        Image.objects.filter(pk__in=leaving).update(reserve=False, change_seq=seq)
