"""Every write to a project's backbone: another one is asked for, and how fast each is here is measured."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from annotator.accounts.models import User
from annotator.common.errors import Conflict
from annotator.events.services import record_event
from annotator.images.selectors import active_space
from annotator.jobs.models import Job, JobKind
from annotator.jobs.services import enqueue
from annotator.modeling.models import ModelVersion
from annotator.modeling.selectors import can_return, serving_model
from annotator.modeling.services.versions import promotions, roll_back
from annotator.projects.models import Project
from annotator.projects.services import check_backbone


@transaction.atomic
def change_backbone(*, project: Project, name: str, user: User) -> Job | None:
    """Give a project another pretrained backbone.

    Before anything is embedded, and where the embeddings of an earlier time are kept, it changes at once. Else a job
    embeds every picture beside the present embeddings, and changes model, space and scores when all are there.

    Args:
        name: a timm name; a worker finds out whether it can be had.

    Returns:
        The job; None where the backbone has changed at once.

    Raises:
        DomainError: the name is none of a model.
        Conflict: it is in use already, another model's promotion waits, or the project is archived.
    """
    check_backbone(name)
    project = Project.objects.select_for_update().get(pk=project.pk)
    if project.archived_at is not None:
        raise Conflict("This project is archived. Bring it back in its settings, then try again.", code="archived")
    if active_space(project.pk) is None:
        _begin_with(project, name, user)
        return None
    serving = serving_model(project)
    if serving is not None and (serving.backbone, serving.folder) == (name, ""):
        raise Conflict(f"{name} is in use already, as {serving.name}.", code="serves_already")
    earlier = ModelVersion.objects.pretrained(project.pk, name).first()
    if earlier is not None and can_return(earlier):
        roll_back(version=earlier, user=user)
        return None
    return _ask(project, name, user)


def _begin_with(project: Project, name: str, user: User) -> None:
    """Change the backbone of a project that has no embeddings; pictures that wait for some get theirs."""
    Project.objects.filter(pk=project.pk).update(backbone=name)
    record_event(project_id=project.pk, kind="project_changed", actor=user, fields=["backbone"])
    if project.next_position:
        enqueue(kind=JobKind.EMBED, project=project, title="Embed new pictures", slot=f"embed:{project.pk}")


def _ask(project: Project, name: str, user: User) -> Job:
    under_way = promotions(project)
    same = next((job for job in under_way if job.params.get("backbone") == name), None)
    if same is not None:
        return same
    if under_way.filter(state=Job.State.QUEUED).exists():
        raise Conflict("Another model's promotion waits already. Cancel it, or let it finish first.")
    return enqueue(
        kind=JobKind.PROMOTE,
        project=project,
        title=f"Change the backbone to {name}",
        params={"backbone": name},
        created_by=user,
        slot=f"promote:{project.pk}",
    )


def request_measurement(*, project: Project, user: User, names: Sequence[str] = ()) -> Job:
    """Ask a worker how many images a second each of these backbones embeds there; of all presets where none is named.

    Raises:
        DomainError: a name is none of a model.
    """
    for name in names:
        check_backbone(name)
    return enqueue(
        kind=JobKind.MEASURE,
        project=project,
        title="Measure backbones",
        params={"backbones": list(dict.fromkeys(names))},
        created_by=user,
        slot=f"measure:{project.pk}",
    )
