"""Whether the engine's features are as good as torch's in fp32: the same head, the same pixels, every way to run it.

    python -m tests.bench.bench_fidelity [FOLDER...] [--limit 0] [--backbone tf_efficientnet_lite0] [--json]

FOLDER holds pictures in class folders, at any depth; without one the four measuring sets are unpacked. Bounds, for each
set and each way that the engine may choose: accuracy within 0.5 points (mean over 10 random 75/25 splits), mean cosine
.99 or more. How often the ImageNet classifier of the same weights agrees is reported.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import timm
import torch
from PIL import Image

from tests.measuring import unpack
from worker.media.derive import derivatives
from worker.ml import backbones
from worker.ml.backbones import DEFAULT_PRESET, Backbone, load_backbone
from worker.ml.embed import read_crop
from worker.ml.engine.backends import Backend, build, candidates
from worker.ml.engine.choice import MIN_AGREEMENT, MIN_COSINE, SAMPLE, fidelity
from worker.ml.head import probabilities, train_head

SETS = ("clothing10", "neu_steel6", "plankton121", "cifar10n_6k")
SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}
SPLITS, TEST_SHARE = 10, 0.25
POINTS = 0.5
PART = 64  # pictures at a time

Ways = dict[str, Backend]


def main() -> None:
    """Measure, print a table and JSON, and exit with 1 if a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--limit", type=int, default=0, help="pictures of a set, drawn at random; 0 for all")
    parser.add_argument("--backbone", default=DEFAULT_PRESET)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folders = options.folders or [unpack(name, Path(scratch)) for name in SETS]
        backbone = load_backbone(options.backbone, allow_hub=True)
        rig = Rig(backbone, Path(scratch))
        rows = [row for folder in folders for row in measure(folder, options.limit, rig)]
    show(rows, as_json=options.json)
    sys.exit(0 if all(row["met"] or not row["usable"] for row in rows) else 1)


class Rig:
    """Every way to run the model, and its ImageNet classifier if there is one."""

    def __init__(self, backbone: Backbone, scratch: Path) -> None:
        self.backbone, self.scratch = backbone, scratch
        self.ways = built(backbone, scratch / "features.onnx")
        self.exact = next(iter(self.ways))
        classifier = with_classifier(backbone)
        self.votes = built(classifier, scratch / "classes.onnx") if classifier else {}


def built(backbone: Backbone, path: Path) -> Ways:
    """Every way that this host offers; the first is torch in fp32."""
    return {f"{name} {precision}": build(backbone, name, precision, path) for name, precision in candidates(backbone)}


def with_classifier(backbone: Backbone) -> Backbone | None:
    """The same network with its ImageNet classifier; None if no file has its weights. Its "features" are logits scaled
    to unit length, whose largest is where it was.
    """
    path = backbones._own_weights(backbone.name, None)
    if path is None or path.suffix != ".pth":
        return None
    model = timm.create_model(backbone.name, num_classes=1000)
    model.load_state_dict(backbones._in_timm_names(backbone.name, torch.load(path, weights_only=True)))
    return replace(backbone, model=model.eval().to(memory_format=torch.channels_last), dim=1000)


def measure(folder: Path, limit: int, rig: Rig) -> list[dict[str, object]]:
    """One row for each way but the first: what a head on its features is worth, and how near they are."""
    files, labels = labelled(folder, limit)
    features: dict[str, list] = {name: [] for name in rig.ways}
    classes: dict[str, list] = {name: [] for name in rig.votes}
    for pixels in crops(files, rig):
        for name, backend in rig.ways.items():
            features[name].append(run(backend, pixels))
        for name, backend in rig.votes.items():
            classes[name].append(run(backend, pixels).argmax(1))
    rows = {name: np.concatenate(parts) for name, parts in features.items()}
    top = {name: np.concatenate(parts) for name, parts in classes.items()}
    accuracies = {name: accuracy(each, labels) for name, each in rows.items()}
    about = {"set": folder.name, "pictures": len(files), "accuracy_fp32": round(accuracies[rig.exact], 4)}
    return [
        about
        | {"way": name, "accuracy": round(accuracies[name], 4)}
        | compared(rows[name], rows[rig.exact], accuracies[name] - accuracies[rig.exact])
        | {"imagenet_top1_agreement": round(float((top[name] == top[rig.exact]).mean()), 4) if top else None}
        for name in rig.ways
        if name != rig.exact
    ]


def compared(features: npt.NDArray[np.float32], exact: npt.NDArray[np.float32], difference: float) -> dict[str, object]:
    """One way against torch in fp32; `usable` is what the engine itself would say of it."""
    cosine = float((features * exact).sum(1).mean())
    first = fidelity(features[:SAMPLE], exact[:SAMPLE])
    return {
        "points": round(100 * difference, 3),
        "mean_cosine": round(cosine, 5),
        "usable": first[0] >= MIN_COSINE and first[1] >= MIN_AGREEMENT,
        "met": 100 * abs(difference) <= POINTS and cosine >= MIN_COSINE,
    }


def labelled(folder: Path, limit: int) -> tuple[list[Path], npt.NDArray[np.int64]]:
    """Pictures and the indexes of their class folders."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if limit and limit < len(files):
        files = [files[row] for row in np.sort(np.random.default_rng(0).permutation(len(files))[:limit])]
    names = sorted({path.parent.name for path in files})
    return files, np.array([names.index(path.parent.name) for path in files])


def crops(files: Sequence[Path], rig: Rig) -> Iterator[npt.NDArray[np.uint8]]:
    """The pixels that the engine reads of what an import stores, uint8 [n, px, px, 3] at a time."""

    def crop(path: Path) -> npt.NDArray[np.uint8]:
        stored = rig.scratch / f"{path.parent.name}-{path.stem}.model.jpg"
        with Image.open(path) as image:
            stored.write_bytes(derivatives(image.convert("RGB")).model.data)
        pixels = read_crop(stored, rig.backbone)
        stored.unlink()
        assert pixels is not None, path
        return pixels

    with ThreadPoolExecutor(2) as pool:
        for start in range(0, len(files), PART):
            yield np.stack(list(pool.map(crop, files[start : start + PART])))


def run(backend: Backend, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Features in the backend's own batches, its lanes at work."""
    parts = [pixels[start : start + backend.batch] for start in range(0, len(pixels), backend.batch)]
    with ThreadPoolExecutor(backend.lanes) as pool:
        return np.concatenate(list(pool.map(backend.run, parts)))


def accuracy(features: npt.NDArray[np.float32], labels: npt.NDArray[np.int64]) -> float:
    """Mean accuracy of a head over random splits; features as they are stored, in fp16."""
    stored, found = features.astype(np.float16), []
    for seed in range(SPLITS):
        order = np.random.default_rng(seed).permutation(len(labels))
        cut = round(len(order) * TEST_SHARE)
        test, train = order[:cut], order[cut:]
        head = train_head(stored[train], labels[train], range(labels.max() + 1))
        found.append(float((head.classes[probabilities(head, stored[test]).argmax(1)] == labels[test]).mean()))
    return float(np.mean(found))


def show(rows: list[dict[str, object]], *, as_json: bool) -> None:
    """A table, then one line of JSON; with `as_json` the JSON alone."""
    if not as_json:
        heads = ("set", "pictures", "way", "accuracy_fp32", "accuracy", "points", "mean_cosine")
        heads += ("imagenet_top1_agreement",)
        print(" | ".join(heads))
        for row in rows:
            verdict = ("met" if row["met"] else "BROKEN") if row["usable"] else "not used by the engine"
            print(" | ".join(str(row[head]) for head in heads), "|", verdict)
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
