"""Simulated labelling of real sets: accuracy by labels given, for each strategy, with the same embeddings and head.

Every seed draws a pool (nine tenths of what is not test) in which all strategies choose; each doubles its labels at
every step of the grid ½C, C, 2C … 32C (C: number of classes), one batch a step.

    python -m tests.bench.bench_al SET… [--full] [--seeds 10] [--json FILE]

A set is a folder or a tar of one. Leaves with 1, and says which, if one of the default strategy's bounds does not hold.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from sklearn.metrics import f1_score

from tests.bench import al_activeml
from tests.bench.al_report import Curve, area, broken_bounds, others_table, summarise, tables
from tests.bench.pools import Pool, load_pool, problem, trained
from worker.ml.head import probabilities
from worker.ml.strategies import DEFAULT_STRATEGY, REGISTRY

COMPARED = ["random", "margin", "typiclust", "badge", "uncertainty_herding", DEFAULT_STRATEGY]
POOL_SHARE = 0.9
LONG_TAIL = 50  # classes from which on the grid ends at 8C: the rarest have no 32 pictures to give
ENOUGH_TO_JUDGE = 5  # test pictures of a class that count in macro-F1
ACTIVEML_SEEDS = 3  # a curve of theirs may take minutes
PREFIXES = (8, 4)  # C / 8 and C / 4 labels: the first of the first batch


@dataclass(frozen=True)
class Unit:
    """One set, one seed, one strategy."""

    folder: Path
    seed: int
    strategy: str


def grid(classes: int) -> list[int]:
    """½C, C, 2C … labels."""
    last = 8 if classes >= LONG_TAIL else 32
    return [round(classes / 2), *(classes * 2**power for power in range(last.bit_length()))]


@lru_cache(maxsize=1)
def _pool(folder: Path) -> Pool:
    return load_pool(folder)


def simulate(unit: Unit) -> tuple[Unit, Curve]:
    """Label one pool with one strategy -> its curve."""
    torch.set_num_threads(1)
    pool = _pool(unit.folder)
    rng = np.random.default_rng([unit.seed, 1])  # the same parts for every strategy
    rest, test = pool.split(rng)
    part = np.sort(rng.permutation(rest)[: round(POOL_SHARE * len(rest))])
    features, truth = pool.features[part], pool.truth[part]
    curve = Curve()
    for labelled, seconds in _choose(unit, features, truth, len(pool.names)):
        head = trained(features, labelled, truth[labelled], len(pool.names))
        guesses = probabilities(head, pool.features[test]).argmax(1)
        curve.add(len(labelled), *_judge(pool.truth[test], guesses), seconds)
    return unit, curve


def _choose(
    unit: Unit, features: npt.NDArray[np.float16], truth: npt.NDArray[np.int64], classes: int
) -> Iterator[tuple[npt.NDArray[np.int64], float]]:
    """(labelled so far, seconds that the choice took) at every step, those before the first of the grid too."""
    query = al_activeml.STRATEGIES[unit.strategy] if unit.strategy in al_activeml.STRATEGIES else _ours(unit.strategy)
    rng = np.random.default_rng([unit.seed, 2])
    labelled, head = np.empty(0, np.int64), None
    for labels in grid(classes):
        candidates = np.setdiff1d(np.arange(len(features)), labelled)
        asked = problem(features, labelled, truth[labelled], candidates, head, classes=classes)
        began = time.perf_counter()
        picks = query(asked, batch=labels - len(labelled), rng=rng)
        seconds = time.perf_counter() - began
        first, labelled = not len(labelled), np.append(labelled, picks)
        if first:
            yield from ((labelled[: round(classes / part)], 0.0) for part in PREFIXES)
        yield labelled, seconds
        head = trained(features, labelled, truth[labelled], classes)


def _ours(name: str) -> al_activeml.Choose:
    def query(asked: al_activeml.Problem, *, batch: int, rng: np.random.Generator) -> list[int]:
        return [pick.position for pick in REGISTRY[name].query(asked, batch=batch, rng=rng)]

    return query


def _judge(truth: npt.NDArray[np.int64], guesses: npt.NDArray[np.int64]) -> tuple[float, float]:
    """Accuracy, and macro-F1 over the classes that have enough test pictures."""
    classes, counts = np.unique(truth, return_counts=True)
    judged = classes[counts >= ENOUGH_TO_JUDGE]
    return float((truth == guesses).mean()), float(
        f1_score(truth, guesses, labels=judged, average="macro", zero_division=0)
    )


def run(folders: Sequence[Path], strategies: Sequence[str], seeds: int) -> dict[str, dict[str, list[Curve]]]:
    """Curves by set and strategy, one for each seed. Two processes, each with one thread."""
    units = [Unit(folder, seed, name) for folder in folders for seed in range(seeds) for name in strategies]
    found: dict[str, dict[str, list[Curve]]] = {}
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        for done, (unit, curve) in enumerate(processes.map(simulate, units), 1):
            found.setdefault(unit.folder.stem, {}).setdefault(unit.strategy, []).append(curve)
            print(f"\r{done}/{len(units)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return found


def compare_with_activeml(folders: Sequence[Path], seeds: int) -> dict[str, dict[str, str]]:
    """Strategy of scikit-activeml -> set -> its area and seconds."""
    units = [Unit(folder, seed, name) for folder in folders for name in al_activeml.STRATEGIES for seed in range(seeds)]
    return al_activeml.compare(simulate, units, lambda curve: area(curve.labels, curve.accuracy))


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", metavar="SET", nargs="+", type=Path)
    parser.add_argument("--strategies", nargs="+", choices=list(REGISTRY))
    parser.add_argument("--full", action="store_true", help="all strategies, and scikit-activeml's of the same names")
    parser.add_argument("--theirs", action="store_true", help="scikit-activeml's strategies alone")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--json", type=Path, help="write what the tables are made of")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> None:
    options = parse_arguments(arguments)
    began = time.monotonic()
    for folder in options.folders:
        load_pool(folder)  # embeds it, with both cores
    if options.theirs:
        print(others_table(compare_with_activeml(options.folders, min(options.seeds, ACTIVEML_SEEDS))))
        return
    strategies = options.strategies or (list(REGISTRY) if options.full else COMPARED)
    found = run(options.folders, strategies, options.seeds)
    others = compare_with_activeml(options.folders, min(options.seeds, ACTIVEML_SEEDS)) if options.full else {}
    summary = summarise(found)
    print(tables(summary, others))
    print(f"{(time.monotonic() - began) / 60:.0f} minutes, {options.seeds} seeds")
    if options.json:
        options.json.write_text(json.dumps({"summary": summary, "others": others}, indent=1))
    broken = broken_bounds(summary, DEFAULT_STRATEGY) if {"random", DEFAULT_STRATEGY} <= set(strategies) else []
    for bound in broken:
        print("BROKEN:", bound)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
