"""How far a project has come beyond labelling: its models, snapshots and exports, and what failed last."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Max
from django.utils import timezone

from annotator.jobs.models import Job, JobKind
from annotator.modeling.models import ModelVersion, TrainingRun
from annotator.projects.models import Project
from annotator.snapshots.models import Export, Snapshot

FRESH = timedelta(days=1)  # an older failure is no news
UNTOLD = (JobKind.PREDICT, JobKind.DELIVER_WEBHOOKS)  # whoever asked sees it where it was asked


def loop(project: Project) -> dict[str, Any]:
    """Return what the home page and its next best step need to know of models, snapshots, exports and failures."""
    versions = ModelVersion.objects.filter(project=project)
    snapshots = Snapshot.objects.filter(project=project, archived_at=None)
    newest = snapshots.order_by("-pk").first()
    # Of a pretrained backbone whose promotion was broken off there is nothing to decide: nobody has measured it.
    told = versions.exclude(state=ModelVersion.State.CANDIDATE, folder="")
    return {
        "serving": _model(versions.filter(state=ModelVersion.State.SERVING).first()),
        "newest_model": _model(told.order_by("-number").first()),
        "runs": TrainingRun.objects.filter(project=project).count(),
        "snapshots": snapshots.count(),
        "newest_snapshot": {"id": newest.pk, "name": newest.name, "rows": newest.rows} if newest else None,
        "exports": Export.objects.filter(project=project).count(),
        "failed": _failed(project),
    }


def _model(version: ModelVersion | None) -> dict[str, Any] | None:
    """Show a model with its accuracy on the blind test set, where it was measured."""
    if version is None:
        return None
    measured = ((version.metrics.get("blind") or {}).get("evaluation")) or {}
    return {
        "id": version.pk,
        "name": version.name,
        "state": version.state,
        "accuracy": measured.get("accuracy"),
        "low": measured.get("low"),
        "high": measured.get("high"),
        "test_size": measured.get("count", 0),
        "missing": version.gate.get("missing") or 0,
        "created_at": version.created_at,
    }


def _failed(project: Project) -> dict[str, Any] | None:
    """Return the newest job of late that failed and after which no other of its kind was asked for."""
    jobs = Job.objects.filter(project=project).exclude(kind__in=UNTOLD)
    last = jobs.order_by().values("kind").annotate(last=Max("pk")).values_list("last", flat=True)
    since = timezone.now() - FRESH
    failed = jobs.filter(pk__in=list(last), state=Job.State.FAILED, finished_at__gte=since).order_by("-pk").first()
    if failed is None:
        return None
    return {
        "id": failed.pk,
        "kind": failed.kind,
        "title": failed.title,
        "message": failed.error_message,
        "hint": failed.error_hint,
    }
