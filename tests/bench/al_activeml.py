"""scikit-activeml's strategies behind our signature, and their curves where one fits into 4 GB and five minutes.

A dependency of this benchmark alone: pip install scikit-activeml.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import psutil
from sklearn.base import BaseEstimator, ClassifierMixin

from worker.ml.head import probabilities, train_head
from worker.ml.strategies import Problem

MEMORY = 4 * 2**30  # bytes of a process, what it has loaded included
SECONDS = 300  # of the processor
PREFIX = "skactiveml:"
# Ours -> (class, its settings, whether it wants a classifier).
THEIRS: dict[str, tuple[str, dict[str, Any], bool]] = {
    "random": ("RandomSampling", {}, False),
    "least_confidence": ("UncertaintySampling", {"method": "least_confident"}, True),
    "margin": ("UncertaintySampling", {"method": "margin_sampling"}, True),
    "entropy": ("UncertaintySampling", {"method": "entropy"}, True),
    "k_center": ("CoreSet", {}, False),
    "badge": ("Badge", {}, True),
    "typiclust": ("TypiClust", {"k": 20}, False),
    "probcover": ("ProbCover", {}, False),
    "dropquery": ("DropQuery", {"n_dropout_samples": 3}, True),
}


class Choose(Protocol):
    """A strategy that gives positions, best first."""

    def __call__(self, asked: Problem, *, batch: int, rng: np.random.Generator) -> list[int]: ...


class HeadClassifier(ClassifierMixin, BaseEstimator):
    """The product's head as scikit-learn wants a classifier; the names X and y are part of that."""

    def fit(self, X: npt.NDArray[Any], y: npt.NDArray[Any]) -> HeadClassifier:
        self.classes_ = np.unique(y)
        self.head_ = train_head(X, y.astype(np.int64), self.classes_.astype(np.int64).tolist())
        return self

    def predict_proba(self, X: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        return probabilities(self.head_, X)

    def predict(self, X: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return self.classes_[self.predict_proba(X).argmax(1)]


def choose(name: str, asked: Problem, *, batch: int, rng: np.random.Generator) -> list[int]:
    """Ask scikit-activeml's strategy of our name `name`."""
    kind, settings, wants_classifier = THEIRS[name]
    pool = importlib.import_module("skactiveml.pool")
    strategy = getattr(pool, kind)(random_state=int(rng.integers(2**31)), **settings)
    features = asked.features.rows(np.arange(asked.features.shape[0])).astype(np.float32)
    labels = np.full(len(features), np.nan)
    labels[asked.labelled] = asked.labels
    more = {}
    if wants_classifier:
        wrapper = importlib.import_module("skactiveml.classifier").SklearnClassifier
        more["clf"] = wrapper(HeadClassifier(), classes=np.arange(asked.classes))
    chosen = strategy.query(features, labels, candidates=asked.candidates, batch_size=batch, **more)
    return np.asarray(chosen).tolist()


STRATEGIES: dict[str, Choose] = {PREFIX + name: partial(choose, name) for name in THEIRS}


def compare(
    simulate: Callable[[Any], tuple[Any, Any]], units: Sequence[Any], area: Callable[[Any], float]
) -> dict[str, dict[str, str]]:
    """Strategy -> set -> area under its curve and the seconds of one, or that it does not fit. `units` are what
    `simulate` takes, with a folder and a strategy."""
    if importlib.util.find_spec("skactiveml") is None:
        raise SystemExit("scikit-activeml is not installed: pip install scikit-activeml.")
    groups: dict[tuple[str, str], list[Any]] = {}
    for unit in units:
        groups.setdefault((unit.strategy.removeprefix(PREFIX), unit.folder.stem), []).append(unit)
    table: dict[str, dict[str, str]] = {}
    with ThreadPoolExecutor(2) as threads:  # each waits for a process with one thread
        cells = threads.map(lambda group: _cell(simulate, group, area), groups.values())
        for (strategy, folder), cell in zip(groups, cells, strict=True):
            print(f"{strategy} on {folder}: {cell}", file=sys.stderr, flush=True)
            table.setdefault(strategy, {})[folder] = cell
    return table


def _cell(simulate: Callable[[Any], tuple[Any, Any]], seeds: Sequence[Any], area: Callable[[Any], float]) -> str:
    """Mean area of the seeds of one set and strategy, and the mean seconds of a curve."""
    areas: list[float] = []
    seconds: list[float] = []
    for unit in seeds:
        curve, took = _within_bounds(simulate, unit)
        if curve is None:
            return "does not fit"
        areas.append(area(curve))
        seconds.append(took)
    return f"{np.mean(areas):.3f} in {np.mean(seconds):.0f} s"


def _within_bounds(simulate: Callable[[Any], tuple[Any, Any]], unit: Any) -> tuple[Any | None, float]:
    """The curve of one unit, made in a process of its own, and its seconds; None if it takes too much of either."""
    context = get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(simulate, unit, sending))
    process.start()
    sending.close()
    watched = psutil.Process(process.pid)
    try:
        # One thread: seconds of the processor are what it would take on a machine that does nothing else.
        while (took := sum(watched.cpu_times()[:2])) < SECONDS and watched.memory_info().rss < MEMORY:
            if receiving.poll(0.2):
                return receiving.recv(), took
        return None, took
    except EOFError as error:
        raise SystemExit(f"{unit.strategy} on {unit.folder.name} failed; what is above says why.") from error
    finally:
        process.kill()
        process.join()


def _send(simulate: Callable[[Any], tuple[Any, Any]], unit: Any, sending: Any) -> None:
    sending.send(simulate(unit)[1])
