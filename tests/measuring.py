"""What acceptance runs and benchmarks share: the measuring data, and a product that has it imported and embedded."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

from tests.product import ROOT, make_project, running
from worker.management.client import Client
from worker.management.truth import folder_labels

LEAD, PASSWORD = "lead", "a long enough password"
PROJECT = "measured"


def shared_data() -> Path:
    """Return the folder of measuring data: ANNOTATOR_SHARED_DATA, or ../shared/data beside the repository."""
    folder = Path(os.environ.get("ANNOTATOR_SHARED_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        raise FileNotFoundError(f"No measuring data at {folder}: set ANNOTATOR_SHARED_DATA.")
    return folder


def unpack(name: str, target: Path) -> Path:
    """Unpack `name`.tar of the measuring data into `target`; return the set's own folder."""
    with tarfile.open(shared_data() / f"{name}.tar") as archive:
        archive.extractall(target, filter="data")
    return target / name


def files_of(folder: Path) -> list[tuple[str, Path]]:
    """Return (source path, file) of every picture in class folders."""
    return [(source, folder / source) for source in folder_labels(folder)]


def import_all(client: Client, project: int, files: list[tuple[str, Path]]) -> None:
    """Import files with their labels ignored; wait until they are embedded and the first round is picked."""
    client.import_files(project, files, name="all", labels="ignore")
    client.wait_until_idle(project)


def prepare(folder: Path, data: Path) -> str:
    """Make a data folder whose project holds the set's pictures, unlabelled and embedded; return a lead's token."""
    with running(data) as product:
        token = product.create_user(LEAD, PASSWORD)
        client = product.client(token)
        project = make_project(client, PROJECT, sorted(set(folder_labels(folder).values())))
        import_all(client, project, files_of(folder))
        images = client.get(f"/api/projects/{project}/overview")["counts"]["images"]
        print(f"\n{folder.name}: {images} images imported and embedded")
    return token
