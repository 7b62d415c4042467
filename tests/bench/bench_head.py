"""How long heads take to train and to score a pool, and a whole refresh of a large pool, against a bare product.

    python -m tests.bench.bench_head [--images 1000000] [--runs 3] [--json]

Exits with 1 and names the bound that broke:
- scoring 1,000,000 x 1280 fp16 against 100 classes: at most 1.5 times a bare chunked matrix product with top-10;
- scoring needs at most 256 MB of memory of its own, however long the pool is;
- 100,000 pictures of 20 classes: training on 1,000 labels, scoring and choosing 200 in at most 3 s.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from worker.ml.head import SCORE_CHUNK, Head, probabilities, restore_prior, score, train_head
from worker.ml.strategies import DEFAULT_STRATEGY, REGISTRY, InMemory, Problem, Probs

DIM, SHARD = 1280, 512  # rows of a shard, as an embedding job stores them
BLOCK = 65_536
LABELLED, POOL, CLASSES, BATCH = 1000, 100_000, 20, 200
TRAINED = [(320, 10), (1000, 20), (1000, 100), (4000, 120)]  # labels, classes
MAX_RATIO, MAX_MB, MAX_SECONDS = 1.5, 256, 3.0

Rows = npt.NDArray[np.float16]


def main() -> None:
    """Measure, print a table and one line of JSON, and fail where a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=1_000_000, help="pictures to score, 2560 bytes each on disk")
    parser.add_argument("--runs", type=int, default=3, help="of each measurement; medians are given")
    parser.add_argument("--json", action="store_true", help="print JSON only")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = {
            "threads": torch.get_num_threads(),
            "train": train_times(options.runs),
            "refresh": refresh_times(Path(folder), options.runs),
            "score": score_times(Path(folder), options.images, options.runs),
        }
    broken = [f"BROKEN: {bound}" for bound, holds in bounds(result).items() if not holds]
    if not options.json:
        show(result)
    print("\n".join([*broken, json.dumps(result)]))
    if broken:
        raise SystemExit(1)


def train_times(runs: int) -> list[dict[str, float]]:
    """Seconds to train a head from nothing, and from the head of 32 labels ago."""
    rows = []
    for labels, classes in TRAINED:
        features, truth = pictures(labels, classes)
        before = train_head(features[:-32], truth[:-32], range(classes))
        cold = partial(train_head, features, truth, range(classes))
        warm = partial(cold, warm_start=before)
        seconds = interleaved(runs, cold, warm)
        rows.append({"labels": labels, "classes": classes, "cold_s": seconds[0], "warm_s": seconds[1]})
    return rows


def refresh_times(folder: Path, runs: int) -> dict[str, float | str]:
    """Seconds of each step of a refresh of 100,000 pictures of 20 classes, from stored embeddings to 200 picks."""
    features, truth = pictures(POOL, CLASSES)
    np.save(folder / "pool.npy", features)
    stored = np.load(folder / "pool.npy", mmap_mode="r")
    labelled, rest = np.arange(LABELLED), np.arange(LABELLED, POOL)
    laps: list[list[float]] = []
    for seed in range(runs):
        begin = time.perf_counter()
        head = train_head(stored[labelled], truth[labelled], range(CLASSES))
        head = restore_prior(head, stored[rest[::24]], np.bincount(truth[labelled], minlength=CLASSES))
        trained = time.perf_counter()
        said = score(head, shards(stored))
        scored = time.perf_counter()
        problem = Problem(
            features=InMemory(stored),
            candidates=rest,
            labelled=labelled,
            labels=truth[labelled],
            coverage=rest,
            classes=CLASSES,
            probs=Probs(said.margin, said.entropy, said.top_class, said.top_prob, partial(probabilities, head)),
        )
        picks = REGISTRY[DEFAULT_STRATEGY].query(problem, batch=BATCH, rng=np.random.default_rng(seed))
        laps.append([trained - begin, scored - trained, time.perf_counter() - scored])
        assert len({pick.position for pick in picks}) == BATCH
    train, scoring, select = np.median(laps, axis=0).tolist()
    total = float(np.median(np.sum(laps, axis=1)))
    return {
        "strategy": DEFAULT_STRATEGY,
        "train_s": train,
        "score_s": scoring,
        "select_s": select,
        "total_s": total,
    }


def score_times(folder: Path, images: int, runs: int) -> dict[str, float]:
    """Seconds to score a memory-mapped pool against 100 classes, beside a bare product with top-10 of the same rows."""
    block, truth = pictures(20_000, 100)
    head = train_head(block[:1000], truth[:1000], range(100))
    stored = np.lib.format.open_memmap(folder / "million.npy", "w+", np.float16, (images, DIM))
    for begin in range(0, images, len(block)):
        stored[begin : begin + len(block)] = block[: images - begin]
    stored.flush()
    stored = np.load(folder / "million.npy", mmap_mode="r")
    peaks: list[float] = []

    def ours() -> None:
        with Memory() as memory:
            assert len(score(head, shards(stored)).margin) == images
        peaks.append(memory.peak_mb)

    bare(head, stored[:BLOCK])  # what torch sets up once
    product, scoring = interleaved(runs, partial(bare, head, stored), ours)
    return {
        "images": images,
        "product_s": product,
        "score_s": scoring,
        "ratio": scoring / product,
        "rss_anon_mb": max(peaks),
    }


def bare(head: Head, stored: Rows) -> None:
    """Product and top-10 and nothing else, in the same chunks."""
    weight, bias = torch.from_numpy(head.weight).T.contiguous(), torch.from_numpy(head.bias)
    for shard in shards(stored):
        for begin in range(0, len(shard), SCORE_CHUNK):
            rows = torch.from_numpy(np.array(shard[begin : begin + SCORE_CHUNK])).float()
            torch.topk(torch.addmm(bias, rows, weight), 10, dim=1)


def pictures(count: int, classes: int) -> tuple[Rows, npt.NDArray[np.int64]]:
    """Unit rows [count, 1280] around class centres in a space of 128 dimensions, as backbones make them."""
    rng = np.random.default_rng(0)
    axes = np.linalg.qr(rng.normal(size=(DIM, 128)))[0].astype(np.float32)
    centres = rng.normal(size=(classes, 128)).astype(np.float32)
    truth = rng.integers(classes, size=count)
    truth[:classes] = np.arange(classes)
    rows = np.empty((count, DIM), np.float16)
    for begin in range(0, count, BLOCK):
        part = truth[begin : begin + BLOCK]
        points = centres[part] + 1.5 * rng.normal(size=(len(part), 128)).astype(np.float32)
        points /= np.linalg.norm(points, axis=1, keepdims=True)
        rows[begin : begin + BLOCK] = points @ axes.T
    return rows, truth


def shards(stored: Rows) -> Iterator[Rows]:
    """Cut the array as the array store does."""
    for begin in range(0, len(stored), SHARD):
        yield stored[begin : begin + SHARD]


def interleaved(runs: int, *tasks: Callable[[], object]) -> list[float]:
    """Return the median seconds of each task, run in turns."""
    seconds: list[list[float]] = [[] for _ in tasks]
    for _ in range(runs):
        for task, spent in zip(tasks, seconds, strict=True):
            begin = time.perf_counter()
            task()
            spent.append(time.perf_counter() - begin)
    return [float(np.median(spent)) for spent in seconds]


class Memory:
    """Watches how much anonymous memory this process takes on inside a `with`."""

    def __enter__(self) -> Memory:
        ctypes.CDLL(None).malloc_trim(0)  # what was freed earlier must not hide what is taken now
        self.before = self.peak = anonymous_mb()
        self.over = threading.Event()
        self.watcher = threading.Thread(target=self._watch)
        self.watcher.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.over.set()
        self.watcher.join()

    def _watch(self) -> None:
        while not self.over.wait(0.02):
            self.peak = max(self.peak, anonymous_mb())

    @property
    def peak_mb(self) -> float:
        """The most it had more than at the beginning."""
        return self.peak - self.before


def anonymous_mb() -> float:
    """RssAnon of this process."""
    for line in Path(f"/proc/{os.getpid()}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("This kernel does not tell RssAnon.")


def bounds(result: dict) -> dict[str, bool]:
    """Return whether each bound holds, by what it says."""
    score_, refresh = result["score"], result["refresh"]
    return {
        f"scoring <= {MAX_RATIO} x a bare product with top-10": score_["ratio"] <= MAX_RATIO,
        f"scoring's own memory <= {MAX_MB} MB": score_["rss_anon_mb"] <= MAX_MB,
        f"a refresh of 100,000 pictures <= {MAX_SECONDS} s": refresh["total_s"] <= MAX_SECONDS,
    }


def show(result: dict) -> None:
    """Print the tables."""
    print(f"{result['threads']} threads\n\n{'labels':>8}{'classes':>9}{'cold s':>9}{'warm s':>9}")
    for row in result["train"]:
        print(f"{row['labels']:>8}{row['classes']:>9}{row['cold_s']:>9.3f}{row['warm_s']:>9.3f}")
    refresh, scores = result["refresh"], result["score"]
    print(f"\n100,000 pictures, 20 classes, 1,000 labels, 200 picks by {refresh['strategy']}")
    print("".join(f"{name:>10}" for name in ("train s", "score s", "select s", "total s")))
    print("".join(f"{refresh[name]:>10.3f}" for name in ("train_s", "score_s", "select_s", "total_s")))
    print(f"\n{scores['images']:,} x {DIM} fp16 x 100 classes")
    print(f"{'product s':>10}{'score s':>10}{'ratio':>8}{'RssAnon MB':>12}")
    print(
        f"{scores['product_s']:>10.2f}{scores['score_s']:>10.2f}{scores['ratio']:>8.2f}{scores['rss_anon_mb']:>12.0f}\n"
    )


if __name__ == "__main__":
    main()
