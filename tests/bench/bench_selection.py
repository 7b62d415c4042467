"""Simulated labelling on a folder of pictures in class folders: accuracy by labels given, for each strategy.

It plays the product's loop without the product: a random hold-out and reserve, rounds ranked greedily
and superseded at each refresh, one label in ten spent on the blind test set.

    python -m tests.bench.bench_selection FOLDER [--strategies uncertainty_herding random] [--json]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from worker.ml.backbones import DEFAULT_PRESET, load_backbone
from worker.ml.embed import embed_images
from worker.ml.evaluate import evaluate
from worker.ml.head import Head, probabilities, score, train_head
from worker.ml.strategies import REGISTRY, Probs

SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}
ROUND_SIZE, REFRESH_EVERY, BLIND_EVERY = 64, 32, 10
RESERVE_SHARE, RESERVE_MAX = 0.1, 2000


@dataclass
class Pool:
    """The embedded pictures with their true classes."""

    features: npt.NDArray[np.float16]  # [N, d]
    truth: npt.NDArray[np.int64]  # [N]
    names: list[str]

    @property
    def class_ids(self) -> list[int]:
        return list(range(len(self.names)))


@dataclass
class Simulation:
    """One labeler, one seed, one strategy."""

    pool: Pool
    strategy: str
    seed: int
    holdout_share: float
    labelled: list[int] = field(default_factory=list)
    queue: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)  # of each refresh
    head: Head | None = None

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        order = self.rng.permutation(len(self.pool.truth))
        cut = round(len(order) * self.holdout_share)
        self.holdout, rest = order[:cut], order[cut:]
        reserve = min(RESERVE_MAX, round(len(rest) * RESERVE_SHARE))
        self.open = np.sort(rest[reserve:])

    def run(self, checkpoints: Sequence[int]) -> list[dict[str, float]]:
        """Label up to the last checkpoint -> accuracy and macro-F1 on the hold-out at each."""
        self.refresh()
        results, since = [], 0
        for given in range(1, max(checkpoints) + 1):
            if given % BLIND_EVERY:
                self.labelled.append(self.queue.pop(0))
            since += 1
            if given in checkpoints or since == REFRESH_EVERY:
                self.refresh()
                since = 0
            if given in checkpoints:
                results.append(self.measure())
        return results

    def refresh(self) -> None:
        """Train on what is labelled, score the pool, pick the next round: the product's head refresh."""
        start = time.perf_counter()
        labelled = np.array(self.labelled, np.int64)
        probs = None
        if len(labelled):
            truth = self.pool.truth[labelled]
            self.head = train_head(self.pool.features[labelled], truth, self.pool.class_ids)
            probs = Probs(score(self.head, [self.pool.features]).margin)
        candidates = np.setdiff1d(self.open, labelled)
        picks = REGISTRY[self.strategy].query(
            features=self.pool.features,
            candidates=candidates,
            labelled=labelled,
            coverage=candidates,
            probs=probs,
            batch=ROUND_SIZE,
            rng=self.rng,
        )
        self.queue = [pick.position for pick in picks]
        self.seconds.append(time.perf_counter() - start)

    def measure(self) -> dict[str, float]:
        """Accuracy and macro-F1 on the hold-out."""
        assert self.head is not None
        predictions = probabilities(self.head, self.pool.features[self.holdout]).argmax(1)
        result = evaluate(self.pool.truth[self.holdout], predictions, self.pool.class_ids)
        assert result.accuracy is not None
        assert result.macro_f1 is not None
        return {"accuracy": result.accuracy, "macro_f1": result.macro_f1}


def load_pool(folder: Path, cache: Path) -> Pool:
    """Embed every picture below `folder` (its class: the name of the folder that it lies in), or take it
    from `cache`."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not files:
        raise SystemExit(f"No pictures below {folder}.")
    names = sorted({path.parent.name for path in files})
    truth = np.array([names.index(path.parent.name) for path in files])
    key = hashlib.sha256("\n".join(map(str, files)).encode()).hexdigest()[:16]
    cached = cache / f"{folder.name}-{key}.npy"
    if not cached.exists():
        cache.mkdir(parents=True, exist_ok=True)
        np.save(cached, embed_files(files))
    return Pool(np.load(cached), truth, names)


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


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--strategies", nargs="+", default=list(REGISTRY), choices=list(REGISTRY))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--checkpoints", nargs="+", type=int, default=[40, 80, 160, 320])
    parser.add_argument("--holdout", type=float, default=0.25)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "annotator-bench")
    parser.add_argument("--json", action="store_true", help="print JSON only")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> None:
    options = parse_arguments(arguments)
    pool = load_pool(options.folder, options.cache)
    report = {}
    for strategy in options.strategies:
        runs = [Simulation(pool, strategy, seed, options.holdout) for seed in options.seeds]
        results = [run.run(options.checkpoints) for run in runs]
        report[strategy] = {
            "checkpoints": options.checkpoints,
            "accuracy": np.mean([[point["accuracy"] for point in run] for run in results], axis=0).tolist(),
            "macro_f1": np.mean([[point["macro_f1"] for point in run] for run in results], axis=0).tolist(),
            "runs": results,
            "refresh_median_s": float(np.median([second for run in runs for second in run.seconds])),
        }
    if not options.json:
        print(f"{'strategy':<22}{'metric':<10}" + "".join(f"{point:>8}" for point in options.checkpoints))
        for strategy, entry in report.items():
            for metric in ("accuracy", "macro_f1"):
                print(f"{strategy:<22}{metric:<10}" + "".join(f"{value:>8.3f}" for value in entry[metric]))
    print(json.dumps(report))


if __name__ == "__main__":
    main(sys.argv[1:])
