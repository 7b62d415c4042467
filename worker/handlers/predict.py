"""Predict: what a model says of one picture that somebody tries it on. Seconds, while the person waits."""

from __future__ import annotations

import time
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.special import softmax
from torch import nn

from annotator.common.arrays import array_path
from annotator.images.models import ScoreSet
from annotator.modeling.models import ModelVersion
from annotator.modeling.services import remove_upload, tries_folder
from annotator.projects.models import LabelClass
from worker.handlers.embed import load
from worker.media.pool import Decoder, Rejected
from worker.ml import artifacts
from worker.ml.classifier import Frame, predict
from worker.ml.device import Compute
from worker.ml.embed import embed_images
from worker.ml.head import Head, probabilities
from worker.runner import JobContext, JobFailed

SHOWN = 5
CPU = Compute(torch.device("cpu"), torch.float32)  # the very numbers that the downloaded model gives


def handle(ctx: JobContext) -> dict[str, Any]:
    """Decode the upload as an import does, ask the model, and delete the upload; the answer is the result."""
    began = time.monotonic()
    version = ModelVersion.objects.select_related("space").get(pk=ctx.params["version"])
    name = str(ctx.params["upload"])
    try:
        picture = _decoded(tries_folder() / name, ctx.attempt_dir)
        ctx.check()
        class_ids, probs = _classified(version, picture) if version.folder else _by_head(version, picture)
    except JobFailed:
        remove_upload(name)
        raise
    result = {"top": _top(version, class_ids, probs), "ms": round(1000 * (time.monotonic() - began))}
    ctx.succeed(result)
    remove_upload(name)
    return result


def _decoded(upload: Path, folder: Path) -> Path:
    """Return what models read of the upload, made by a bounded child process.

    Raises:
        JobFailed: the upload is gone, or is not a picture that can be read.
    """
    if not upload.is_file():
        raise JobFailed("upload_gone", "The picture is not there any more.", "Try the picture again.")
    with Decoder() as decoder:
        (found,) = decoder.process([upload])
    if isinstance(found, Rejected):
        raise JobFailed(str(found.reason), found.reason.sentence, "Try another picture.")
    picture = folder / "model.jpg"
    picture.write_bytes(found.derivatives.model.data)
    return picture


def _classified(version: ModelVersion, picture: Path) -> tuple[list[int], np.ndarray]:
    """Return class ids, and float64 [C] their probabilities by the model's own classifier."""
    try:
        model, frame, temperature = _loaded(version.folder)
    except OSError as error:
        hint = "Restore the data directory from a backup, or train another model."
        raise JobFailed("weights_missing", f"The files of {version.name} are gone.", hint) from error
    logits = predict(model, frame, [picture], [0], compute=CPU)
    return [row["id"] for row in version.classes], softmax(logits[0].astype(np.float64) / temperature)


@lru_cache(maxsize=1)
def _loaded(folder: str) -> tuple[nn.Module, Frame, float]:
    """Return a trained model, which stays loaded between tries."""
    classifier = artifacts.load(array_path(folder))
    return classifier.model(), classifier.frame, classifier.temperature


def _by_head(version: ModelVersion, picture: Path) -> tuple[list[int], np.ndarray]:
    """Return class ids, and float32 [C] their probabilities by the newest head on the pretrained backbone."""
    sets = ScoreSet.objects.filter(space=version.space, kind=ScoreSet.Kind.HEAD).exclude(folder="")
    newest = sets.order_by("-pk").first() if version.space is not None else None
    if newest is None:
        hint = "Label some pictures of each class; a head is trained on them by itself."
        raise JobFailed("no_head", f"{version.name} has no head that could tell classes apart.", hint)
    rows, _ = embed_images([picture], load(version.backbone))
    head = Head.load(array_path(newest.folder) / "head.safetensors")
    return head.classes.tolist(), probabilities(head, rows)[0]


def _top(version: ModelVersion, class_ids: list[int], probs: np.ndarray) -> list[dict[str, Any]]:
    """Return the likeliest classes, best first, under the names that they have now."""
    names = {row["id"]: row["name"] for row in version.classes}
    names |= dict(LabelClass.objects.filter(project=version.project_id).values_list("pk", "name"))
    best = np.argsort(-probs, kind="stable")[:SHOWN]
    return [
        {"class": class_ids[n], "name": names.get(class_ids[n], ""), "confidence": round(float(probs[n]), 4)}
        for n in best.tolist()
    ]
