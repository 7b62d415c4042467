"""Reads of a project's backbone: which is in use, how fast it was of late, and what became of the last change."""

from __future__ import annotations

from dataclasses import dataclass

from annotator.images.models import Image
from annotator.jobs.models import Job, JobKind
from annotator.modeling.models import ModelVersion
from annotator.modeling.selectors.versions import serving_model
from annotator.projects.models import Project

ENOUGH = 64  # pictures that a job must have embedded for its rate to tell anything
LATEST = 20  # jobs that are looked at


@dataclass(frozen=True)
class BackboneInUse:
    """What a project embeds its pictures with.

    Attributes:
        model: name of the model that serves; empty before anything was embedded.
        trained: its weights were trained here, so they are not those that the name promises.
        pictures: how many there are, all of which another backbone would have to embed.
        images_per_second: at which a job of late embedded with it, reading files included; None if none did.
        change: the last job that was to change the backbone, whatever became of it.
    """

    backbone: str
    model: str
    trained: bool
    pictures: int
    images_per_second: float | None
    change: Job | None


def backbone_in_use(project: Project) -> BackboneInUse:
    """Return what a project's pictures are embedded with, and what is known of it."""
    serving = serving_model(project)
    changes = Job.objects.filter(project=project, kind=JobKind.PROMOTE, params__has_key="backbone")
    return BackboneInUse(
        backbone=serving.backbone if serving else project.backbone,
        model=serving.name if serving else "",
        trained=bool(serving and serving.folder),
        pictures=Image.objects.present().filter(project=project).count(),
        images_per_second=_pace(serving) if serving else None,
        change=changes.order_by("-pk").first(),
    )


def _pace(serving: ModelVersion) -> float | None:
    ended = Job.objects.filter(
        project=serving.project_id,
        kind__in=(JobKind.EMBED, JobKind.PROMOTE),
        state=Job.State.SUCCEEDED,
        finished_at__gte=serving.promoted_at,
    )
    results = ended.order_by("-pk").values_list("result", flat=True)[:LATEST]
    rates = (each.get("images_per_second") for each in results if each.get("embedded", 0) >= ENOUGH)
    return next((rate for rate in rates if rate), None)
