"""An exported model works alone: its script predicts, its ONNX file agrees, its card says how good it is."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from scipy.special import softmax

from tests.worker.ml.photographs import stripes
from worker.ml import artifacts
from worker.ml.artifacts import Classifier, OnnxDiffers, export, export_onnx, load
from worker.ml.backbones import DEFAULT_PRESET, load_backbone
from worker.ml.classifier import build_classifier, predict
from worker.ml.device import Compute
from worker.ml.evaluate import assess

CPU = Compute(torch.device("cpu"), torch.float32)
NAMES = ("coat", "hat | cap", "Schuh ü")


@pytest.fixture
def classifier(weights_folder, tmp_path) -> Classifier:
    torch.manual_seed(0)
    model, frame = build_classifier("test_efficientnet", 3, weights_folder=weights_folder)
    save_file(model.state_dict(), tmp_path / "weights.safetensors")
    return Classifier("test_efficientnet", frame, NAMES, 0.7, tmp_path / "weights.safetensors")


@pytest.fixture
def photographs(rng, tmp_path):
    paths = [tmp_path / f"{row}.png" for row in range(4)]
    for pixels, path in zip(stripes(rng, np.arange(4) % 3), paths, strict=True):
        Image.fromarray(pixels).resize((200, 160)).save(path)
    return paths


def test_the_folder_holds_a_model_that_predicts_by_itself(classifier, photographs, tmp_path):
    exported = export(classifier, tmp_path / "model", name="Clothes v3", facts={"Trained on": "42 pictures"})

    files = {"model.safetensors", "config.json", "classes.txt", "predict.py", "README.md", "model.onnx"}
    assert {path.name for path in exported.folder.iterdir()} == files == set(exported.sha256)
    assert (exported.folder / "classes.txt").read_text().splitlines() == list(NAMES)
    script = [sys.executable, str(exported.folder / "predict.py"), *map(str, photographs)]
    told = subprocess.run(script, capture_output=True, text=True, check=True, cwd="/").stdout
    logits = predict(classifier.model(), classifier.frame, photographs, range(4), compute=CPU)
    expected = softmax(logits / 0.7, axis=1)
    lines = [line.split("\t") for line in told.splitlines()]
    assert [line[0] for line in lines] == [str(path) for path in photographs]
    assert [line[1] for line in lines] == [NAMES[best] for best in expected.argmax(1)]
    # timm resizes to whole pixels before it crops
    assert np.allclose([float(line[2]) for line in lines], expected.max(1), atol=0.01)


def test_the_onnx_file_says_the_same_for_any_batch(classifier, photographs, tmp_path):
    difference = export_onnx(classifier, tmp_path / "model.onnx")

    assert difference < 1e-4
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"), providers=["CPUExecutionProvider"])
    pixels = torch.randn(5, 3, 160, 160)
    (logits,) = session.run(None, {"pixels": pixels.numpy()})
    assert np.allclose(logits, classifier.model()(pixels).detach().numpy(), atol=1e-4)


def test_an_onnx_file_that_differs_is_not_handed_out(classifier, tmp_path, monkeypatch):
    monkeypatch.setattr(artifacts, "MAX_DIFFERENCE", -1.0)
    with pytest.raises(OnnxDiffers, match="differ by"):
        export(classifier, tmp_path / "model", name="v1", facts={})
    assert not (tmp_path / "model").exists()


def test_the_default_backbone_exports_faithfully(tmp_path):
    model, frame = build_classifier(DEFAULT_PRESET, 3)
    save_file(model.state_dict(), tmp_path / "weights.safetensors")
    real = Classifier(DEFAULT_PRESET, frame, NAMES, 1.0, tmp_path / "weights.safetensors")
    assert export_onnx(real, tmp_path / "model.onnx") < 1e-3


def test_what_was_exported_can_be_loaded_again(classifier, tmp_path):
    folder = export(classifier, tmp_path / "model", name="v1", facts={}).folder

    loaded = load(folder)

    assert loaded == replace(classifier, weights=folder / "model.safetensors")
    config = json.loads((folder / "config.json").read_text())
    assert config["data"]["input_size"] == [3, 160, 160]


def test_the_exported_weights_are_a_backbone_for_embedding_too(classifier, tmp_path):
    folder = export(classifier, tmp_path / "model", name="v1", facts={}).folder
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "test_efficientnet.safetensors").hardlink_to(folder / "model.safetensors")

    backbone = load_backbone("test_efficientnet", weights_folder=tmp_path / "weights", compute=CPU)

    pixels = torch.randn(2, 3, 160, 160)
    model = classifier.model()
    expected = model.forward_head(model.forward_features(pixels), pre_logits=True)
    assert torch.allclose(backbone.model(pixels), expected, atol=1e-5)


def test_the_card_tells_what_was_measured(classifier, tmp_path):
    logits = np.eye(3)[[0, 0, 1, 2]] * 4
    told = assess(logits, [0, 1, 1, 2], range(3), temperature=0.7)

    folder = export(classifier, tmp_path / "model", name="Clothes v3", facts={"Snapshot": "s7"}, assessment=told).folder

    card = (folder / "README.md").read_text()
    assert card.startswith("# Clothes v3\n")
    assert "- Snapshot: s7\n" in card
    assert "On 4 blind test pictures: accuracy 75.0 %" in card
    assert "| hat \\| cap | 100.0 % | 50.0 % | 66.7 % | 2 |" in card
    assert "by at most" in card


def test_a_card_without_a_test_says_so_and_a_folder_is_never_overwritten(classifier, tmp_path):
    folder = export(classifier, tmp_path / "model", name="v1", facts={}).folder
    assert "Not measured" in (folder / "README.md").read_text()
    with pytest.raises(FileExistsError):
        export(classifier, tmp_path / "model", name="v1", facts={})
