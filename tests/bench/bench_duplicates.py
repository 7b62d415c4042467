"""The search for duplicates on folders of pictures: precision and recall on copies that are made for the purpose.

Copies (JPEG q ≥ 50, scale 0.5–2, brightness ± 30 %, mirrored, cropped to ≥ 85 % of the area) of a sample of the
pictures are put among all of them. A copy counts as found when it is in its original's group. Every confirmed pair that
is neither made here nor in the hand-checked list of the set's own duplicates (`data/duplicates_<set>.json`) is wrong.

    python -m tests.bench.bench_duplicates FOLDER [FOLDER …] [--copies 400] [--json FILE]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from annotator.common.groups import group_of
from tests.bench.pools import SUFFIXES, make_derivative
from tests.copies import COPIES
from worker.ml.backbones import DEFAULT_PRESET, load_backbone
from worker.ml.duplicates.align import Cuts, align
from worker.ml.duplicates.confirm import MIN_COARSE, Match, confirm
from worker.ml.duplicates.propose import near_embeddings, near_hashes
from worker.ml.duplicates.reasons import changes
from worker.ml.duplicates.signatures import read_picture, sign
from worker.ml.embed import embed_images

KNOWN = Path(__file__).parent / "data"
ORIGINAL = "original"
TARGETS = {"re-encoded": 0.95, "resized": 0.95, "brightness": 0.95, "mirrored": 0.8, "cropped": 0.8}


@dataclass
class Mixture:
    """The set's pictures and the copies of some of them, in an order drawn by lot.

    Attributes:
        derivatives: what models read, one file each.
        content: SHA-256 of the file that each is made of.
        kinds: "original" or how the copy was made.
        sizes: width and height at full size.
    """

    derivatives: list[Path]
    content: list[str]
    kinds: list[str]
    sizes: list[tuple[int, int]]


def mixture(folder: Path, cache: Path, copies: int, seed: int) -> Mixture:
    """Make derivatives of a folder's pictures and of the copies, below `cache`."""
    files = {}
    for path in sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES):
        files.setdefault(hashlib.sha256(path.read_bytes()).hexdigest(), path)  # exact copies are one image anyway
    rng = np.random.default_rng(seed)
    contents = list(files)
    sampled = [contents[index] for index in rng.choice(len(contents), min(copies, len(contents)), replace=False)]
    entries = [(content, ORIGINAL) for content in contents]
    entries += [(content, kind) for content in sampled for kind in COPIES]
    entries = [entries[index] for index in rng.permutation(len(entries))]
    target = cache / f"{folder.name}-{copies}-{seed}"
    target.mkdir(parents=True, exist_ok=True)

    def prepare(entry: tuple[str, str]) -> tuple[Path, tuple[int, int]]:
        return _prepare(files[entry[0]], entry, target)

    with ThreadPoolExecutor(2) as threads:
        made = list(threads.map(prepare, entries))
    return Mixture([path for path, _ in made], [c for c, _ in entries], [k for _, k in entries], [s for _, s in made])


def _prepare(source: Path, entry: tuple[str, str], folder: Path) -> tuple[Path, tuple[int, int]]:
    content, kind = entry
    derivative, copy = folder / f"{content}-{kind}.model.jpg", folder / f"{content}-{kind}.jpg"
    if kind != ORIGINAL and not copy.exists():
        with Image.open(source) as image:
            made = COPIES[kind](image.convert("RGB"), np.random.default_rng([int(content[:8], 16), len(kind)]))
        made.save(copy, quality=95)
    path = source if kind == ORIGINAL else copy
    if not derivative.exists():
        make_derivative(path, derivative)
    with Image.open(path) as image:
        return derivative, image.size


def embedded(mixed: Mixture, cache: Path) -> npt.NDArray[np.float16]:
    """Embeddings of all pictures, kept in `cache`."""
    key = hashlib.sha256("\n".join(map(str, mixed.derivatives)).encode()).hexdigest()[:16]
    cached = cache / f"duplicates-{key}.npy"
    if not cached.exists():
        embeddings, failed = embed_images(mixed.derivatives, load_backbone(DEFAULT_PRESET))
        if failed:
            raise SystemExit(f"{len(failed)} pictures could not be read.")
        np.save(cached, embeddings)
    return np.load(cached)


def search(mixed: Mixture, rows: npt.NDArray[np.float16]) -> tuple[dict[tuple[int, int], Match], dict[str, Any]]:
    """Confirmed pairs (earlier, later), and what it took to find them."""
    began = time.perf_counter()
    pictures = [read_picture(path) for path in mixed.derivatives]
    signatures = sign(pictures)
    signed = time.perf_counter()
    count = len(pictures)
    similar = near_embeddings(rows, 0, [(0, count, rows)])
    alike = near_hashes(signatures["hash"], signatures["mirrored"], 0, signatures["hash"])
    proposed = time.perf_counter()
    cuts = lru_cache(maxsize=2000)(lambda position: Cuts(signatures["grey"][position]))
    found, pairs, close = {}, 0, 0
    for later in range(count):
        for earlier in np.union1d(similar[later], alike[later]).tolist():
            pairs += 1
            alignment = align(cuts(earlier), cuts(later))
            if alignment.likeness >= MIN_COARSE:
                close += 1
                match = confirm(pictures[earlier], pictures[later], alignment)
                if match is not None:
                    found[earlier, later] = match
    ended = time.perf_counter()
    seconds = {"sign": signed - began, "propose": proposed - signed, "confirm": ended - proposed}
    return found, {"pictures": count, "proposed": pairs, "compared": close, "confirmed": len(found), "seconds": seconds}


def measure(mixed: Mixture, found: dict[tuple[int, int], Match], known: set[frozenset[str]]) -> dict[str, Any]:
    """Recall of each kind (grouped with its original) and precision of the confirmed pairs."""
    groups = group_of((one, other, match.detail) for (one, other), match in found.items())
    original = {
        c: index for index, (c, kind) in enumerate(zip(mixed.content, mixed.kinds, strict=True)) if kind == ORIGINAL
    }
    tally: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for index, (content, kind) in enumerate(zip(mixed.content, mixed.kinds, strict=True)):
        if kind == ORIGINAL:
            continue
        pair = (min(index, original[content]), max(index, original[content]))
        tally[kind][0] += 1
        tally[kind][1] += groups.get(index, index) == groups.get(original[content], -1)
        if pair in found:
            tally[kind][2] += kind in changes(found[pair], mixed.sizes[pair[0]], mixed.sizes[pair[1]])
    wrong = [pair for pair in found if not _right(mixed, pair, known)]
    own = {frozenset(mixed.content[index] for index in pair) for pair in found}
    return {
        "recall": {kind: tally[kind][1] / tally[kind][0] for kind in COPIES},
        "named": {kind: tally[kind][2] / tally[kind][0] for kind in COPIES},
        "precision": 1 - len(wrong) / max(1, len(found)),
        "wrong": sorted({tuple(sorted(mixed.content[index] for index in pair)) for pair in wrong}),
        "own_duplicates_found": len([pair for pair in known if pair in own]),
        "own_duplicates_known": len(known),
    }


def _right(mixed: Mixture, pair: tuple[int, int], known: set[frozenset[str]]) -> bool:
    contents = frozenset(mixed.content[index] for index in pair)
    return len(contents) == 1 or contents in known


def known_duplicates(name: str) -> set[frozenset[str]]:
    """The hand-checked pairs of a set, as SHA-256 of their files."""
    path = KNOWN / f"duplicates_{name}.json"
    return {frozenset(pair) for pair in json.loads(path.read_text())["pairs"]} if path.exists() else set()


def show(name: str, report: dict[str, Any]) -> None:
    """Print a set's results as a table."""
    print(
        f"\n{name}: {report['pictures']} pictures, {report['compared']} of {report['proposed']} pairs compared closely"
    )
    print(f"{'copies':<14}{'recall':>8}{'target':>8}{'reason named':>14}")
    for kind, recall in report["recall"].items():
        print(f"{kind:<14}{recall:>8.3f}{TARGETS[kind]:>8.2f}{report['named'][kind]:>14.3f}")
    print(f"{'precision':<14}{report['precision']:>8.4f}{0.95:>8.2f}   {len(report['wrong'])} wrong pairs of contents")
    print(f"own duplicates found: {report['own_duplicates_found']} of {report['own_duplicates_known']} checked by hand")


def main(arguments: Sequence[str]) -> None:
    """Run the benchmark and print tables and JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--copies", type=int, default=400, help="pictures that get a copy of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "annotator-bench")
    parser.add_argument("--json", type=Path, help="write the results here too")
    options = parser.parse_args(arguments)
    reports = {}
    for folder in options.folders:
        mixed = mixture(folder, options.cache, options.copies, options.seed)
        found, effort = search(mixed, embedded(mixed, options.cache))
        reports[folder.name] = effort | measure(mixed, found, known_duplicates(folder.name))
        show(folder.name, reports[folder.name])
    text = json.dumps(reports)
    print(text)
    if options.json is not None:
        options.json.write_text(text)


if __name__ == "__main__":
    main(sys.argv[1:])
