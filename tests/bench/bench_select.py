"""How long the default strategy takes to pick 1,000 of 1,000,000 stored pictures, and what memory it needs.

    python -m tests.bench.bench_select DATA [--count 1000000] [--picks 1000] [--json FILE]

DATA holds the measuring sets; the rows lie between their embeddings. Beside it, in the same run: one pass over all rows
that projects them to 64 dimensions, which is the least that a strategy does that looks at every row.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from functools import partial
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

import numpy as np  # noqa: E402
import torch  # noqa: E402
from django.conf import settings  # noqa: E402

from annotator.images.selectors import Embeddings  # noqa: E402
from tests.bench.bench_index import timed  # noqa: E402
from tests.bench.pools import load_pool, trained  # noqa: E402
from tests.bench.vectors import SETS, real_embeddings, store_between  # noqa: E402
from worker.ml.head import Head, probabilities, score  # noqa: E402
from worker.ml.strategies import DEFAULT_STRATEGY, REGISTRY, Problem, Probs  # noqa: E402

LABELLED = 2000
PROJECTED = 64
SECONDS, ANON = 60, 1.5


def some_head(data: Path) -> Head:
    """A head of the classes of all sets, trained on a tenth of their pictures."""
    pools = [load_pool(data / name) for name in SETS]
    firsts = np.cumsum([0, *(len(pool.names) for pool in pools)])
    truth = np.concatenate([pool.truth + first for pool, first in zip(pools, firsts, strict=False)])
    features = np.concatenate([pool.features for pool in pools])
    labelled = np.arange(0, len(features), 10)
    return trained(features, labelled, truth[labelled], int(firsts[-1]))


def asked(stored: Embeddings, head: Head) -> Problem:
    """What a refresh asks when LABELLED pictures are labelled."""
    said = score(head, (rows for _, _, rows in stored.shards()))
    labelled = np.sort(np.random.default_rng(0).choice(stored.shape[0], LABELLED, replace=False))
    rest = np.setdiff1d(np.arange(stored.shape[0]), labelled)
    return Problem(
        features=stored,
        candidates=rest,
        labelled=labelled,
        labels=said.top_class[labelled, 0].astype(np.int64),
        coverage=rest,
        classes=len(head.classes),
        probs=Probs(said.margin, said.entropy, said.top_class, said.top_prob, partial(probabilities, head)),
    )


def project(stored: Embeddings) -> None:
    """Bring every row down to PROJECTED dimensions."""
    basis = torch.randn(stored.shape[1], PROJECTED)
    for _, _, rows in stored.shards():
        torch.from_numpy(np.array(rows)).float() @ basis


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--picks", type=int, default=1000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        settings.ARRAY_DIR = Path(scratch)
        stored = store_between(real_embeddings(options.data), options.count, "rows")
        problem = asked(stored, some_head(options.data))
        query = REGISTRY[DEFAULT_STRATEGY].query
        _, bare = timed(partial(project, stored))
        picks, took = timed(partial(query, problem, batch=options.picks, rng=np.random.default_rng(0)))
    different = len({pick.position for pick in picks})
    print(f"{different} of {options.count} x {stored.shape[1]} by {DEFAULT_STRATEGY}: {took['seconds']:.1f} s,")
    print(f"peak RssAnon {took['rss_anon_gb']:.2f} GB; all rows projected: {bare['seconds']:.1f} s")
    result = {"count": options.count, "picks": different, DEFAULT_STRATEGY: took, "project": bare}
    print(json.dumps(result))
    if options.json:
        options.json.write_text(json.dumps(result))
    broken = [
        f"BROKEN: {name}"
        for name, holds in {
            f"{options.picks} different picks": different == options.picks,
            f"at most {SECONDS} s": took["seconds"] <= SECONDS,
            f"at most {ANON} GB of RssAnon": took["rss_anon_gb"] <= ANON,
        }.items()
        if not holds
    ]
    print("\n".join(broken))
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
