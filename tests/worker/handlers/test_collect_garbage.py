"""Collecting garbage: what takes room is measured, and only what nobody needs any more is deleted."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import timezone

from annotator.common.arrays import array_path
from annotator.common.storage import size_of
from annotator.images.models import Image
from annotator.jobs.models import Job
from annotator.jobs.site.services import request_collection
from annotator.modeling.models import ModelVersion, TrainingRun
from annotator.projects.models import Project
from annotator.snapshots.models import Export, Snapshot
from tests.worker.handlers.upkeep import blob_folder, ended, fill, furnish, long_ago, store
from worker.runner import run_job

pytestmark = pytest.mark.django_db(transaction=True)


def collect(*, dry_run: bool = False) -> dict:
    job = request_collection(user=None, dry_run=dry_run)
    run_job(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.SUCCEEDED, job.error_message
    return job.result


@pytest.fixture
def project(settings, data_dir) -> Project:
    """A project that has something of everything."""
    settings.DATA_DIR = data_dir
    project = furnish("pets")
    ended(project)
    return project


def garbage(found: dict) -> dict[str, int]:
    return {each["kind"]: each["count"] for each in found["garbage"]}


def test_what_a_project_needs_is_measured_and_stays(project):
    found = collect()

    (use,) = found["projects"]
    assert use["project"] == project.pk
    kinds = {"pictures", "embeddings", "scores", "neighbours", "snapshots", "exports", "models", "runs", "uploads"}
    assert set(use["kinds"]) == kinds
    folders = [*Snapshot.objects.values_list("folder", flat=True), *Export.objects.values_list("folder", flat=True)]
    assert all(array_path(folder).exists() for folder in folders)
    assert use["kinds"]["pictures"] == sum(size_of(blob_folder(image.sha256)) for image in Image.objects.all())
    assert use["kinds"]["exports"] == 10
    assert use["kinds"]["uploads"] == len(b"waits")
    assert use["total"] == sum(use["kinds"].values())
    assert found["shared"]["database"] > 0
    assert found["total"] == use["total"] + sum(found["shared"].values())


def test_a_dry_run_finds_what_a_collection_deletes(project, settings):
    """Of an attempt that died between rename and commit; of a project that is gone; of an import that is gone."""
    lost = [
        fill(f"{project.pk}/scores/left-by-a-killed-attempt"),
        fill(f"models/{project.pk}/run-99-1"),
        fill("snapshots/99/of-a-project-that-is-gone"),
        fill("99/embeddings/v1-0"),
        fill("runs/99/1"),
        blob_folder(store(50)),
        _upload(settings.INBOX_DIR / "999"),
    ]
    young = [
        fill(f"exports/{project.pk}/about-to-be-named", days=0),
        blob_folder(store(51, days=0)),
        _upload(settings.INBOX_DIR / "incoming"),
    ]
    foreign = fill("notes/of/somebody")

    foreseen = collect(dry_run=True)
    assert all(path.exists() for path in lost)
    done = collect()

    assert not any(path.exists() for path in lost)
    assert all(path.exists() for path in [*young, foreign])
    assert garbage(foreseen) == garbage(done)
    assert garbage(done) == {
        "embeddings": 1,
        "models": 1,
        "pictures": 1,
        "runs": 1,
        "scores": 1,
        "snapshots": 1,
        "uploads": 1,
    }
    assert (foreseen["dry_run"], done["dry_run"]) == (True, False)
    assert foreseen["garbage_bytes"] == done["garbage_bytes"]
    assert done["total"] <= foreseen["total"] - done["garbage_bytes"] + _of_the_database(foreseen, done)
    assert garbage(collect()) == {}


def _upload(inbox: Path) -> Path:
    (inbox / "files").mkdir(parents=True)
    (inbox / "files" / "a.jpg").write_bytes(b"nobody's")
    return inbox


def _of_the_database(before: dict, after: dict) -> int:
    return abs(after["shared"]["database"] - before["shared"]["database"])


def test_a_picture_that_two_projects_have_counts_in_both_but_once_in_all(project):
    other = furnish("more pets", seeds=(1, 3))
    ended(other)

    found = collect(dry_run=True)

    first, second = found["projects"]
    shared = size_of(blob_folder(store(1)))
    apart = first["total"] + second["total"] + sum(found["shared"].values())
    assert found["total"] == apart - shared


class TestRemovedPictures:
    """Those of an import that was undone stay for a while, and for as long as a snapshot holds them."""

    def test_after_a_while_they_go(self, project):
        image = Image.objects.get(project=project, position=1)
        _forget_snapshots(project)
        long_ago(image)

        assert garbage(collect()) == {"pictures": 1}
        assert not blob_folder(image.sha256).exists()

    def test_for_a_while_they_stay(self, project):
        _forget_snapshots(project)
        Image.objects.filter(project=project).update(archived_at=timezone.now())

        assert "pictures" not in garbage(collect())

    def test_what_a_snapshot_holds_can_be_exported_and_stays(self, project):
        image = Image.objects.get(project=project, position=1)
        long_ago(image)

        assert "pictures" not in garbage(collect())
        assert blob_folder(image.sha256).exists()

    def test_what_another_project_has_stays(self, project):
        other = furnish("more pets", seeds=(2, 3))
        ended(other)
        for each in (project, other):
            _forget_snapshots(each)
        image = Image.objects.get(project=project, position=1)
        long_ago(image)

        assert "pictures" not in garbage(collect())
        assert blob_folder(image.sha256).exists()


def _forget_snapshots(project: Project) -> None:
    """Remove them with their files, so that only rows of pictures count."""
    ModelVersion.objects.filter(project=project).delete()
    TrainingRun.objects.filter(project=project).delete()
    Snapshot.objects.filter(project=project).delete()
    collect()


def test_an_empty_installation_has_nothing(settings, data_dir):
    settings.DATA_DIR = data_dir

    found = collect()

    assert (found["projects"], found["garbage"]) == ([], [])
