"""How long the graph of neighbours takes, what it finds and what memory it needs, against plain FAISS in the same run.

    python -m tests.bench.bench_index DATA [--count 1000000] [--minutes 15] [--json FILE]

DATA holds the measuring sets. Recall is of the 20 nearest by exact cosine of 1,000 queries. The baselines search a part
of the queries over the full rows, and their rate is extended to all of them: IndexFlat, and an IVF index of as many
lists trained on the same rows (both over a part of the rows where a million in single precision would not fit).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

import faiss  # noqa: E402
import numpy as np  # noqa: E402
import psutil  # noqa: E402
from django.conf import settings  # noqa: E402

from annotator.images.selectors import Embeddings  # noqa: E402
from tests.bench.vectors import SHARD, first_of, real_embeddings, store_between  # noqa: E402
from worker.ml.index import Graph, K, build, extend  # noqa: E402
from worker.ml.index.projection import to_float32  # noqa: E402

QUERIES = 1000
PLAIN_QUERIES = 100
PLAIN_ROWS = 100_000
NEW = 10_000
RECALL = 0.9
ANON = 1.5e9


class Peak(threading.Thread):
    """Watches how much anonymous memory the process holds (RssAnon, bytes)."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most, self.ended = anonymous(), threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.1):
            self.most = max(self.most, anonymous())

    def stop(self) -> float:
        self.ended.set()
        self.join()
        return self.most


def anonymous() -> int:
    """RssAnon of this process, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("RssAnon")).split()[1]) * 1024


def timed(work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """Run it; return its result, with seconds (of the clock and of all cores) and the peak of memory."""
    peak, began, before = Peak(), time.perf_counter(), psutil.Process().cpu_times()
    peak.start()
    result = work()
    after = psutil.Process().cpu_times()
    used = after.user + after.system - before.user - before.system
    return result, {"seconds": time.perf_counter() - began, "cpu_seconds": used, "rss_anon_gb": peak.stop() / 1e9}


def exact(stored: Embeddings, queries: np.ndarray) -> np.ndarray:
    """The exact K nearest [q, K] of some positions by cosine, themselves excluded."""
    rows = to_float32(stored.rows(queries))
    best = faiss.ResultHeap(len(rows), K + 1, keep_max=True)
    for start, _, shard in stored.shards():
        cosines, near = faiss.knn(rows, to_float32(shard), min(K + 1, len(shard)), metric=faiss.METRIC_INNER_PRODUCT)
        best.add_result(cosines, near + start)
    best.finalize()
    return np.stack([row[row != own][:K] for row, own in zip(best.I, queries, strict=True)])


def recall(graph: Graph, queries: np.ndarray, truth: np.ndarray) -> float:
    found = graph.neighbours[queries]
    return float(
        np.mean([len(set(one) & set(other)) / K for one, other in zip(found.tolist(), truth.tolist(), strict=True)])
    )


def plain(stored: Embeddings, queries: np.ndarray) -> dict[str, float]:
    """Seconds that plain FAISS indexes need for each query against all rows, from a part of the rows."""
    part = first_of(stored, min(PLAIN_ROWS, stored.shape[0]))
    rows = np.concatenate([to_float32(shard) for _, _, shard in part.shards()])
    asked = to_float32(stored.rows(queries[:PLAIN_QUERIES]))
    grown = stored.shape[0] / len(rows)
    flat = faiss.IndexFlatIP(rows.shape[1])
    flat.add(rows)
    began = time.perf_counter()
    flat.search(asked, K + 1)
    seconds = {"flat": (time.perf_counter() - began) / len(asked) * grown}
    lists = round(4 * stored.shape[0] ** 0.5 / grown)  # so that a list is as long as among all rows
    ivf = faiss.index_factory(rows.shape[1], f"IVF{lists},Flat", faiss.METRIC_INNER_PRODUCT)
    ivf.cp.niter, ivf.cp.max_points_per_centroid, ivf.nprobe = 4, 64, 16
    ivf.train(rows)
    ivf.add(rows)
    began = time.perf_counter()
    ivf.search(asked, K + 1)
    return seconds | {"ivf": (time.perf_counter() - began) / len(asked)}


def measure(data: Path, count: int, scratch: Path) -> dict[str, Any]:
    """Store the rows, build the graph of all but the last, extend it by those, and compare."""
    settings.ARRAY_DIR = scratch
    everything = store_between(real_embeddings(data), count + NEW, "rows")
    stored = first_of(everything, count // SHARD * SHARD)
    known, longer = stored.shape[0], everything.shape[0]
    rng = np.random.default_rng(0)
    queries = np.sort(rng.choice(known, min(QUERIES, known), replace=False))
    fresh = np.sort(rng.choice(np.arange(known, longer), min(QUERIES, longer - known), replace=False))
    graph, build_took = timed(lambda: build(stored, below(scratch, "graph"), scratch=scratch, report=shown("build")))
    result = {"count": known, "dim": stored.shape[1]}
    result["build"] = build_took | {"recall": recall(graph, queries, exact(stored, queries))}
    extended, took = timed(lambda: extend(everything, graph, below(scratch, "longer"), report=shown("extend")))
    result["extend"] = took | {
        "new": longer - known,
        "recall": recall(extended, queries, exact(everything, queries)),
        "recall_of_new": recall(extended, fresh, exact(everything, fresh)),
    }
    result["plain_seconds"] = {name: each * known for name, each in plain(stored, queries).items()}
    return result


def below(scratch: Path, name: str) -> Path:
    """A new folder."""
    folder = scratch / name
    folder.mkdir()
    return folder


def shown(title: str) -> Callable[[int, int], None]:
    """A report that prints every tenth of the way."""
    tenths = -1

    def report(done: int, total: int) -> None:
        nonlocal tenths
        if done * 10 // total > tenths:
            tenths = done * 10 // total
            print(f"{title}: {tenths * 10} %  {time.strftime('%H:%M:%S')}", flush=True)

    return report


def show(result: dict[str, Any], broken: list[str]) -> None:
    """Print a table, what does not hold, and one line of JSON."""
    print(f"\n{result['count']:,} × {result['dim']} float16, k = {K}")
    print(f"{'':<28}{'seconds':>9}{'CPU s':>9}{'GB':>7}{'recall':>9}")
    for name in ("build", "extend"):
        row = result[name]
        title = f"extend by {row['new']:,}" if name == "extend" else name
        numbers = f"{row['seconds']:>9.0f}{row['cpu_seconds']:>9.0f}{row['rss_anon_gb']:>7.2f}{row['recall']:>9.3f}"
        print(f"{title:<28}{numbers}")
    print(f"{'of the new ones':<28}{'':>25}{result['extend']['recall_of_new']:>9.3f}")
    for name, seconds in result["plain_seconds"].items():
        ratio = seconds / result["build"]["seconds"]
        print(f"{'plain ' + name + ' (extrapolated)':<28}{seconds:>9.0f}   {ratio:.1f} times as long")
    for bound in broken:
        print(f"BROKEN: {bound}")
    print(json.dumps(result))


def broken_bounds(result: dict[str, Any], minutes: float) -> list[str]:
    """What is asked and does not hold."""
    rows = [(name, result[name]) for name in ("build", "extend")]
    return [
        *(f"{name}: recall {row['recall']:.3f} < {RECALL}" for name, row in rows if row["recall"] < RECALL),
        *(
            f"{name}: {row['rss_anon_gb']:.2f} GB > {ANON / 1e9}"
            for name, row in rows
            if row["rss_anon_gb"] > ANON / 1e9
        ),
        *(f"{name}: {row['seconds']:.0f} s > {minutes} min" for name, row in rows if row["seconds"] > minutes * 60),
        *(["new rows: recall too low"] if result["extend"]["recall_of_new"] < RECALL else []),
    ]


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark; the exit status says whether the bounds hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--json", type=Path, help="write the results here too")
    options = parser.parse_args(arguments)
    scratch = Path(tempfile.mkdtemp(prefix="bench-index-"))
    try:
        result = measure(options.data, options.count, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    broken = broken_bounds(result, options.minutes)
    show(result, broken)
    if options.json is not None:
        options.json.write_text(json.dumps(result))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
