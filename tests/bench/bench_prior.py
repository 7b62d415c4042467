"""Which class shares a head should suggest by: none, the labels', the pool's as it is guessed, or the true ones.

    python -m tests.bench.bench_prior SET [SET ...] [--seeds 3] [--strategies random auto] [--json]

Labels are chosen in steps; after each, one head is judged with each of the priors on a random quarter of the pictures
(a set's own test part may have other shares than the pool). `none` takes all classes for equally frequent; `true`
cannot be had and shows what there is to gain.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.metrics import f1_score

from tests.bench.pools import HOLDOUT, Pool, load_pool, problem
from worker.ml.evaluate import assess
from worker.ml.head import Head, probabilities, restore_prior, train_head
from worker.ml.strategies import DEFAULT_STRATEGY, REGISTRY

STEPS = (1, 2, 4, 8, 16, 32)  # labels a class
MOST = 1000  # labels: where there are many classes the later steps are left out
ENOUGH = 5  # test pictures of a class for macro-F1
METRICS = ("accuracy", "macro_f1", "nll", "ece")

Int64 = npt.NDArray[np.int64]


def main() -> None:
    """Measure, and print tables and one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", metavar="SET", nargs="+", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--strategies", nargs="+", default=["random", DEFAULT_STRATEGY], choices=list(REGISTRY))
    parser.add_argument("--json", action="store_true", help="print JSON only")
    options = parser.parse_args()
    report: dict[str, dict[str, dict]] = {}
    for folder in options.folders:
        pool = load_pool(folder)
        for strategy in options.strategies:
            runs = [measure(pool, strategy, seed) for seed in range(options.seeds)]
            mean = {
                f"{step}C {prior}": dict(zip(METRICS, np.mean([run[step, prior] for run in runs], axis=0), strict=True))
                for step, prior in runs[0]
            }
            report.setdefault(pool.name, {})[strategy] = mean
            if not options.json:
                show(f"{pool.name}, {strategy}", mean)
    print(json.dumps(report))


def measure(pool: Pool, strategy: str, seed: int) -> dict[tuple[int, str], list[float]]:
    """METRICS by step and prior, of one run."""
    order = np.random.default_rng([seed, 1]).permutation(len(pool.truth))
    cut = round(HOLDOUT * len(order))
    test, rest = order[:cut], np.sort(order[cut:])
    found = {}
    for step, labelled in chosen(pool, rest, strategy, seed):
        head = train_head(pool.features[labelled], pool.truth[labelled], range(len(pool.names)))
        for prior, one in with_priors(head, pool, labelled, np.setdiff1d(rest, labelled)).items():
            found[step, prior] = judge(one, pool, test)
    return found


def chosen(pool: Pool, rest: Int64, strategy: str, seed: int) -> Iterator[tuple[int, Int64]]:
    """Yield labels a class, and the positions labelled by then."""
    rng = np.random.default_rng([seed, 2])
    classes, labelled, head = len(pool.names), np.empty(0, np.int64), None
    for step in STEPS:
        wanted = step * classes
        if wanted > min(MOST, len(rest) // 2):
            return
        features, candidates = pool.features, np.setdiff1d(rest, labelled)
        asked = problem(features, labelled, pool.truth[labelled], candidates, head, classes=classes)
        picks = REGISTRY[strategy].query(asked, batch=wanted - len(labelled), rng=rng)
        labelled = np.append(labelled, [pick.position for pick in picks])
        head = train_head(features[labelled], pool.truth[labelled], range(classes))
        yield step, labelled


def with_priors(head: Head, pool: Pool, labelled: Int64, unlabelled: Int64) -> dict[str, Head]:
    """Return the head with each prior; a class without labels has no mass with any."""
    counts, true = (
        np.bincount(pool.truth[positions], minlength=len(pool.names)).astype(np.float64)
        for positions in (labelled, unlabelled)
    )

    def given(shares: npt.NDArray[np.float64]) -> Head:
        shift = np.where(head.seen, np.log(shares.clip(min=1e-9)), 0)
        return replace(head, log_prior_shift=shift.astype(np.float32))

    return {
        "none": head,
        "labels": given(counts / counts.sum()),
        "pool": restore_prior(head, pool.features[unlabelled[:: max(1, len(unlabelled) // 4096)]], counts),
        "true": given((true + 0.5) / (true + 0.5).sum()),
    }


def judge(head: Head, pool: Pool, test: Int64) -> list[float]:
    """METRICS on the test pictures; NLL and ECE on those whose class the head knows."""
    truth, probs = pool.truth[test], probabilities(head, pool.features[test])
    guesses = probs.argmax(1)
    judged = np.flatnonzero(np.bincount(truth, minlength=len(pool.names)) >= ENOUGH)
    known = head.seen[truth]
    said = assess(np.log(probs[known].clip(min=1e-12)), truth[known], list(range(len(pool.names))), temperature=1.0)
    macro = f1_score(truth, guesses, labels=judged, average="macro", zero_division=0)
    return [float((guesses == truth).mean()), float(macro), said.log_loss or 0.0, said.reliability.ece or 0.0]


def show(title: str, mean: dict[str, dict[str, float]]) -> None:
    """Print one set and strategy: a row for each step and prior."""
    print(f"\n{title}\n{'':<12}" + "".join(f"{metric:>10}" for metric in METRICS))
    for name, values in mean.items():
        print(f"{name:<12}" + "".join(f"{values[metric]:>10.3f}" for metric in METRICS))


if __name__ == "__main__":
    main()
