"""Sets of real pictures as pools to choose from: embeddings, classes and the parts that strategies are judged on."""

from __future__ import annotations

import csv
import hashlib
import tarfile
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from worker.ml.backbones import DEFAULT_PRESET, load_backbone
from worker.ml.embed import embed_images
from worker.ml.head import Head, probabilities, restore_prior, score, train_head
from worker.ml.strategies import InMemory, Problem, Probs

SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}
CACHE = Path(tempfile.gettempdir()) / "annotator-bench"
HOLDOUT = 0.25
PRIOR_ROWS = 4096


@dataclass(frozen=True)
class Pool:
    """The embedded pictures of a set with their true classes."""

    name: str
    features: npt.NDArray[np.float16]  # [N, d]
    truth: npt.NDArray[np.int64]  # [N] columns
    names: list[str]
    own_test: npt.NDArray[np.bool_]  # [N] the set's own test part; all False if it has none

    def split(self, rng: np.random.Generator) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """(pool, test) positions: the set's own test part, else a random quarter."""
        if self.own_test.any():
            return np.flatnonzero(~self.own_test), np.flatnonzero(self.own_test)
        order = rng.permutation(len(self.truth))
        cut = round(len(order) * HOLDOUT)
        return np.sort(order[cut:]), np.sort(order[:cut])


def load_pool(folder: Path, cache: Path = CACHE) -> Pool:
    """Embed every picture below `folder` (or in the archive folder.tar), or take it from `cache`.

    Its class is the name of the folder that it lies in, or `clean` in the set's labels.csv.
    """
    folder = unpacked(folder, cache)
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not files:
        raise SystemExit(f"No pictures below {folder}.")
    classes = _classes(folder, files)
    names = sorted(set(classes))
    key = hashlib.sha256("\n".join(map(str, files)).encode()).hexdigest()[:16]
    cached = cache / f"{folder.name}-{key}.npy"
    if not cached.exists():
        cache.mkdir(parents=True, exist_ok=True)
        np.save(cached, embed_files(files))
    truth = np.array([names.index(name) for name in classes])
    own_test = np.array(["test" in path.relative_to(folder).parts[:-2] for path in files])
    return Pool(folder.name, np.load(cached), truth, names, own_test)


def unpacked(source: Path, cache: Path = CACHE) -> Path:
    """The folder of a set; that of an archive lies in the cache."""
    if source.suffix != ".tar":
        return source
    target = cache / "sets" / source.stem
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=_made(target.parent)) as aside, tarfile.open(source) as archive:
            archive.extractall(aside, filter="data")
            inside = Path(aside) / source.stem
            (inside if inside.exists() else Path(aside)).rename(target)
    return target


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def trained(
    features: npt.NDArray[np.float16],
    labelled: npt.NDArray[np.int64],
    labels: npt.NDArray[np.int64],
    classes: int,
) -> Head:
    """The head that a refresh of the product makes of a pool [n, d] and its labels."""
    head = train_head(features[labelled], labels, range(classes))
    rest = np.setdiff1d(np.arange(len(features)), labelled)
    spread = rest[np.linspace(0, len(rest) - 1, min(PRIOR_ROWS, len(rest))).astype(np.int64)]
    return restore_prior(head, features[spread], np.bincount(labels, minlength=classes))


def _classes(folder: Path, files: Sequence[Path]) -> list[str]:
    table = folder / "labels.csv"
    if not table.exists():
        return [path.parent.name for path in files]
    with table.open(newline="") as lines:
        clean = {row["path"]: row["clean"] for row in csv.DictReader(lines)}
    return [clean[str(path.relative_to(folder))] for path in files]


def embed_files(files: Sequence[Path]) -> npt.NDArray[np.float16]:
    """Embeddings of the pictures' 320-px derivatives, as the product makes them."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as threads:
        derivatives = [Path(folder) / f"{index}.jpg" for index in range(len(files))]
        list(threads.map(make_derivative, files, derivatives))
        embeddings, failed = embed_images(derivatives, load_backbone(DEFAULT_PRESET))
    if failed:
        raise SystemExit(f"{len(failed)} pictures could not be read, the first is {files[failed[0]]}.")
    return embeddings


def make_derivative(source: Path, target: Path) -> None:
    """320 px on the short side, never enlarged, JPEG quality 95 without chroma subsampling."""
    with Image.open(source) as image:
        picture = image.convert("RGB")
    factor = min(1.0, 320 / min(picture.size))
    size = (round(picture.width * factor), round(picture.height * factor))
    picture.resize(size, Image.Resampling.LANCZOS).save(target, quality=95, subsampling=0)


def problem(
    features: npt.NDArray[np.float16],
    labelled: npt.NDArray[np.int64],
    labels: npt.NDArray[np.int64],
    candidates: npt.NDArray[np.int64],
    head: Head | None,
    *,
    classes: int | None = None,
) -> Problem:
    """What a strategy is asked, as a head refresh asks it."""
    probs = None
    if head is not None:
        said = score(head, [features])
        probs = Probs(said.margin, said.entropy, said.top_class, said.top_prob, partial(probabilities, head))
    return Problem(
        features=InMemory(features),
        candidates=candidates,
        labelled=labelled,
        labels=labels,
        coverage=candidates,
        classes=classes or (len(head.classes) if head else 1),
        probs=probs,
    )
