"""What fine-tuning brings over the frozen backbone, and what it costs: steel defects, the same labels for both.

python -m tests.bench.bench_train [--labels 20] [--epochs 10] [--preset balanced]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.torch import load_file

from tests.measuring import files_of, unpack
from worker.ml.backbones import load_backbone
from worker.ml.classifier import create, predict
from worker.ml.device import best_compute, describe_device
from worker.ml.embed import embed_images
from worker.ml.evaluate import evaluate
from worker.ml.gate import judge
from worker.ml.head import probabilities, train_head
from worker.ml.recipes import PRESETS, Recipe
from worker.ml.train import Progress, TrainData, TrainResult, Watch, train

TEST, PER_CLASS_VALIDATION = 300, 4

Rows = npt.NDArray[np.int64]


def main() -> None:
    """Measure once and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=int, default=20, help="labels a class")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--preset", choices=PRESETS, default="balanced")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), options)


def measure(folder: Path, options: argparse.Namespace) -> None:
    """A head on frozen embeddings and a fine-tuned model, from the same labels, on the same test pictures."""
    files = files_of(unpack("neu_steel6", folder))
    names = tuple(sorted({source.split("/")[0] for source, _ in files}))
    labels = np.array([names.index(source.split("/")[0]) for source, _ in files])
    paths = [path for _, path in files]
    shuffled = np.random.default_rng(options.seed).permutation(len(labels))
    test, rest = shuffled[:TEST], shuffled[TEST:]
    train_rows, validation = _labelled(rest, labels, options.labels)
    print(f"{describe_device()}\n{len(train_rows)} + {len(validation)} labels, {TEST} test pictures")

    began = time.monotonic()
    frozen = _frozen(paths, labels, np.concatenate([train_rows, validation]), test, len(names))
    _print("frozen backbone, new head", frozen, labels[test], time.monotonic() - began)

    recipe = replace(PRESETS[options.preset].recipe, epochs=options.epochs, seed=options.seed)
    data = TrainData(paths, labels, names, train_rows, validation)
    began = time.monotonic()
    result = train(recipe, data, folder / "run", watch=Watch(step=_report))
    seconds = time.monotonic() - began
    tuned = _predictions(recipe, result, data, test)
    _print(f"fine-tuned, {options.preset}", tuned, labels[test], seconds)
    print(f"{result.images_per_s:.1f} images/s, {result.epochs} epochs, the best was {result.best_epoch + 1}")
    verdict = judge(tuned == labels[test], frozen == labels[test], labels[test], dict(enumerate(names)))
    print(verdict.decision, *(reason.message for reason in verdict.reasons), sep="\n  ")


def _labelled(rows: Rows, labels: Rows, per_class: int) -> tuple[Rows, Rows]:
    """The first rows of each class, the last few of them for validation."""
    own = [rows[labels[rows] == label][:per_class] for label in np.unique(labels)]
    validation = [each[-PER_CLASS_VALIDATION:] for each in own]
    return np.concatenate([each[:-PER_CLASS_VALIDATION] for each in own]), np.concatenate(validation)


def _frozen(paths: list[Path], labels: Rows, learned: Rows, test: Rows, classes: int) -> Rows:
    rows = np.concatenate([learned, test])
    embeddings, _ = embed_images([paths[row] for row in rows], load_backbone(Recipe().backbone))
    head = train_head(embeddings[: len(learned)], labels[learned], range(classes))
    return probabilities(head, embeddings[len(learned) :]).argmax(1)


def _predictions(recipe: Recipe, result: TrainResult, data: TrainData, test: Rows) -> Rows:
    compute = best_compute()
    model = create(recipe.backbone, len(data.classes)).eval().to(compute.device)
    model.load_state_dict(load_file(result.weights))
    return predict(model, result.frame, data.pictures, test, compute=compute).argmax(1)


def _report(progress: Progress) -> None:
    if progress.step % 10 == 0:
        print(f"  {progress.step}/{progress.steps}  loss {progress.loss:.3f}  {progress.eta_s:.0f} s left", flush=True)


def _print(what: str, predictions: Rows, truth: Rows, seconds: float) -> None:
    found = evaluate(truth, predictions, range(int(truth.max()) + 1))
    print(f"{what}: accuracy {found.accuracy:.3f} ({found.low:.3f}-{found.high:.3f}), {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
