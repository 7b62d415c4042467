"""A trained model as a folder that works without this product: weights, ONNX, a script that predicts, a model card."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from safetensors.torch import load_file
from torch import nn

from worker.ml.backbones import MODEL_ARGS
from worker.ml.checkpoint import sync_folder
from worker.ml.classifier import Frame, create
from worker.ml.evaluate import Assessment
from worker.ml.onnx_file import write_onnx

WEIGHTS, CONFIG, CLASSES, SCRIPT, CARD, ONNX = (
    "model.safetensors",
    "config.json",
    "classes.txt",
    "predict.py",
    "README.md",
    "model.onnx",
)
MAX_DIFFERENCE = 1e-3  # of the logits, as a share of the largest

PREDICT = '''\
"""Classify pictures: python predict.py PICTURE... (needs timm, torch, Pillow and safetensors)."""
import json, pathlib, sys
import timm, torch
from PIL import Image
from safetensors.torch import load_file
here = pathlib.Path(__file__).parent
config = json.loads((here / "config.json").read_text(encoding="utf-8"))
model = timm.create_model(config["architecture"], num_classes=len(config["classes"]), **config["model_args"]).eval()
model.load_state_dict(load_file(here / "model.safetensors"))
prepare = timm.data.create_transform(**config["data"])
for name in sys.argv[1:]:
    with torch.inference_mode():
        pixels = prepare(Image.open(name).convert("RGB"))[None]
        confidence, best = (model(pixels)[0] / config["temperature"]).softmax(0).max(0)
    print(name, config["classes"][best], f"{confidence:.4f}", sep="\\t")
'''


class OnnxDiffers(Exception):
    """The ONNX file does not compute what the model computes."""

    code = "onnx_differs"


@dataclass(frozen=True)
class Classifier:
    """Weights and all that is needed to use them."""

    backbone: str  # a timm name
    frame: Frame
    classes: tuple[str, ...]
    temperature: float
    weights: Path  # timm's state dict, fp32 safetensors

    def model(self) -> nn.Module:
        """The model, in eval mode on the CPU: [b, 3, px, px] -> logits [b, C]."""
        model = create(self.backbone, len(self.classes)).eval()
        model.load_state_dict(load_file(self.weights))
        return model


@dataclass(frozen=True)
class Exported:
    """What `export` wrote."""

    folder: Path
    onnx_difference: float  # largest absolute difference between the logits of ONNX Runtime and torch
    sha256: dict[str, str]  # of each file, by name


def export(
    classifier: Classifier,
    folder: Path,
    *,
    name: str,
    facts: Mapping[str, str],
    assessment: Assessment | None = None,
) -> Exported:
    """Write the model to a new `folder`: aside first, so that whoever finds the folder finds all of it.

    `facts` are lines of the model card (what it was trained on, when, from which snapshot); `assessment` is that on
    the blind test set, in the order of the classes. Raises OnnxDiffers if the ONNX file is not faithful, and
    FileExistsError if there is such a folder.
    """
    if folder.exists():
        raise FileExistsError(f"{folder} exists.")
    draft = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    shutil.copyfile(classifier.weights, draft / WEIGHTS)
    difference = export_onnx(classifier, draft / ONNX)
    texts = {
        CONFIG: json.dumps(_config(classifier), indent=2, ensure_ascii=False) + "\n",
        CLASSES: "".join(f"{each}\n" for each in classifier.classes),
        SCRIPT: PREDICT,
        CARD: model_card(classifier, name=name, facts=facts, assessment=assessment, onnx_difference=difference),
    }
    for file, text in texts.items():
        (draft / file).write_text(text, encoding="utf-8")
    sha256 = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(draft.iterdir())}
    sync_folder(draft)
    draft.rename(folder)
    sync_folder(folder.parent)
    return Exported(folder, difference, sha256)


def load(folder: Path) -> Classifier:
    """The classifier that `export` wrote."""
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    data = config["data"]
    frame = Frame(
        input_px=data["input_size"][-1],
        mean=tuple(data["mean"]),
        std=tuple(data["std"]),
        interpolation=data["interpolation"],
        crop_pct=data["crop_pct"],
    )
    classes = tuple(config["classes"])
    return Classifier(config["architecture"], frame, classes, config["temperature"], folder / WEIGHTS)


def export_onnx(classifier: Classifier, path: Path) -> float:
    """Write the model as ONNX (`pixels` fp32 [batch, 3, px, px], normalised -> `logits` fp32 [batch, C]) and run it.

    -> the largest absolute difference from torch's logits, over batches of 1 and 3. Raises OnnxDiffers if it is more
    than a thousandth of the largest logit.
    """
    model, px = classifier.model(), classifier.frame.input_px
    write_onnx(model, torch.zeros(2, 3, px, px), path, source="pixels", result="logits")
    onnx.checker.check_model(str(path))
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    generator = torch.Generator().manual_seed(0)
    largest = difference = 0.0
    for batch in (1, 3):
        pixels = torch.randn(batch, 3, px, px, generator=generator)
        with torch.inference_mode():
            expected = model(pixels).numpy()
        (found,) = session.run(["logits"], {"pixels": pixels.numpy()})
        difference = max(difference, float(np.abs(found - expected).max()))
        largest = max(largest, float(np.abs(expected).max()))
    if not difference <= MAX_DIFFERENCE * max(largest, 1.0):
        raise OnnxDiffers(
            f"ONNX Runtime's logits differ by {difference:.2g} from torch's, the largest is {largest:.2g}."
        )
    return difference


def model_card(
    classifier: Classifier,
    *,
    name: str,
    facts: Mapping[str, str],
    assessment: Assessment | None,
    onnx_difference: float,
) -> str:
    """The model's README in Markdown."""
    frame = classifier.frame
    lines = [
        f"# {name}",
        "",
        f"An image classifier for {len(classifier.classes)} classes on the backbone `{classifier.backbone}`.",
        "",
        *(f"- {key}: {value}" for key, value in facts.items()),
        f"- Input: RGB, {frame.input_px} × {frame.input_px} pixels, mean {frame.mean}, standard deviation {frame.std}",
        f"- Temperature: {classifier.temperature:.4f} (divide the logits by it before the softmax)",
        f"- `{ONNX}`: its logits differ from PyTorch's by at most {onnx_difference:.1e} (ONNX Runtime, CPU)",
        "",
        "## Use",
        "",
        "```",
        f"python {SCRIPT} picture.jpg",
        "```",
        "",
        *_measured(classifier, assessment),
    ]
    return "\n".join(lines)


def _measured(classifier: Classifier, assessment: Assessment | None) -> list[str]:
    """The card's section on quality."""
    if assessment is None or assessment.evaluation.accuracy is None:
        return ["## Quality", "", "Not measured: there was no blind test set.", ""]
    found = assessment.evaluation
    rows = [
        " | ".join(
            ("", _cell(name), *map(_percent, (each.precision, each.recall, each.f1)), f"{each.support} |")
        ).strip()
        for name, each in zip(classifier.classes, assessment.classes, strict=True)
    ]
    summary = (
        f"On {found.count} blind test pictures: accuracy {_percent(found.accuracy)} (95 % interval "
        f"{_percent(found.low)} to {_percent(found.high)}), macro-F1 {_percent(found.macro_f1)}, expected calibration "
        f"error {_percent(assessment.ece_before)} before and {_percent(assessment.reliability.ece)} after temperature "
        "scaling."
    )
    return [
        "## Quality",
        "",
        summary,
        "",
        "| class | precision | recall | F1 | pictures |",
        "|---|---|---|---|---|",
        *rows,
        "",
    ]


def _config(classifier: Classifier) -> dict[str, Any]:
    """What the script needs; `data` is what timm's `create_transform` takes."""
    frame = asdict(classifier.frame)
    px = frame.pop("input_px")
    return {
        "architecture": classifier.backbone,
        "model_args": MODEL_ARGS.get(classifier.backbone, {}),
        "classes": list(classifier.classes),
        "temperature": classifier.temperature,
        "data": {"input_size": [3, px, px], **frame},
    }


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _cell(text: str) -> str:
    """A class's name as it may stand in a Markdown table."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")
