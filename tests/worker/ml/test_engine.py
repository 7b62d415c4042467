"""The engine: the fastest way that is faithful, found once and remembered; memory that does not suffice is no end."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from worker.ml.engine import Engine, choice, engine
from worker.ml.engine.backends import (
    ONNX,
    TORCH,
    OnnxBackend,
    candidates,
    export,
    out_of_memory,
    threads,
)
from worker.ml.engine.choice import Choice, fidelity, fitting, measure

FOUND = Choice(ONNX, "fp32", 8, 100.0)


@pytest.fixture
def pixels(tiny, rng):
    """Sixteen pictures at the tiny model's input size, smooth enough to be told apart by it."""
    coarse = torch.from_numpy(rng.uniform(0, 255, (16, 3, 5, 5)))
    fine = nn.functional.interpolate(coarse, (tiny.input_px, tiny.input_px), mode="bicubic").clamp(0, 255)
    return fine.permute(0, 2, 3, 1).to(torch.uint8).contiguous().numpy()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(choice, "MEASURE_SECONDS", 0.01)


def reference(backbone, pixels):
    """What the model says, written out: timm's normalisation, torch in fp32, unit length."""
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (backbone.mean, backbone.std))
    with torch.inference_mode():
        return nn.functional.normalize(backbone.model((images - mean) / std)).numpy()


class Fake:
    """A backend that says how bright a picture is, and can hold `room` pictures at a time."""

    lanes = 1
    batch = 32

    def __init__(self, *, room=1000, error=MemoryError, features=None, slow=0):
        self.room, self.error, self.features, self.slow = room, error, features, slow
        self.sizes, self.released = [], 0

    def run(self, pixels):
        self.sizes.append(len(pixels))
        if len(pixels) > self.room:
            raise self.error
        for _ in range(self.slow):
            np.linalg.svd(np.ones((40, 40)))
        if self.features is not None:
            return self.features[: len(pixels)]
        return pixels.reshape(len(pixels), -1).mean(1, keepdims=True).astype(np.float32)

    def release(self):
        self.released += 1


def with_backend(tiny, backend):
    made = Engine(tiny)
    made._choice, made._backend, made._final = Choice(TORCH, "fp32", 32, 1.0), backend, True
    return made


def test_it_measures_chooses_and_says_what_it_does(tiny, pixels, tmp_path):
    made = Engine(tiny, cache=tmp_path)

    made.prepare(pixels)

    found = made.describe()
    json.dumps(found)
    assert found["device"] == "cpu"
    assert (found["threads"], found["lanes"], found["batch"]) == (threads(), made.lanes, made.batch)
    assert found["title"] == f"{found['backend']} {found['precision']}"
    assert found["images_per_second"] > 0
    assert found["mean_cosine"] >= choice.MIN_COSINE
    assert found["agreement"] >= choice.MIN_AGREEMENT
    ways = {f"{backend} {precision}" for backend, precision in candidates(tiny)}
    assert set(found["others"]) == ways - {found["title"]}
    cosines = (made.run(pixels) * reference(tiny, pixels)).sum(1)
    assert cosines.mean() >= choice.MIN_COSINE


@pytest.mark.parametrize(("backend", "precision"), [(TORCH, "fp32"), (TORCH, "bf16"), (ONNX, "fp32")])
def test_each_backend_computes_what_the_model_computes(tiny, pixels, tmp_path, backend, precision):
    made = engine.build(tiny, backend, precision, tmp_path / "model.onnx")

    for count in (1, 3, 16):
        features = made.run(pixels[:count])
        assert (features.dtype, features.shape) == (np.float32, (count, tiny.dim))
        tolerance = 1e-4 if precision == "fp32" else 0.05
        assert np.allclose(features, reference(tiny, pixels[:count]), atol=tolerance)
        made.release()
        assert np.array_equal(made.run(pixels[:count]), features)


def test_what_was_found_is_remembered_by_model_machine_and_libraries(tiny, pixels, tmp_path, monkeypatch):
    first = Engine(tiny, cache=tmp_path)
    first.prepare(pixels)
    monkeypatch.setattr(choice, "measure", None)

    again = Engine(tiny, cache=tmp_path)

    assert again.settled()
    assert again.describe() == first.describe()
    assert again.run(pixels).tobytes() == first.run(pixels).tobytes()
    assert not Engine(replace(tiny, fingerprint="other"), cache=tmp_path).settled()
    assert not Engine(tiny, cache=tmp_path / "elsewhere").settled()
    monkeypatch.setattr(choice, "_version", lambda library: "another")
    assert not Engine(tiny, cache=tmp_path).settled()


def test_of_two_processes_that_measure_at_once_the_first_one_counts(tmp_path):
    mine, theirs = FOUND, replace(FOUND, backend=TORCH)
    path = tmp_path / "choice.json"
    assert choice._remember(theirs, path) == theirs
    assert choice._remember(mine, path) == theirs
    path.write_text('{"half": ')
    assert choice._remember(mine, path) == mine
    assert [each.name for each in tmp_path.iterdir()] == ["choice.json"]


def test_a_file_that_cannot_be_read_is_measured_anew(tiny, pixels, tmp_path):
    tmp_path.joinpath(f"{choice.key(tiny)}.json").write_text('{"backend": "abacus"}')
    made = Engine(tiny, cache=tmp_path)
    assert not made.settled()
    made.prepare(pixels)
    assert Engine(tiny, cache=tmp_path).settled()


def test_an_exported_file_that_is_gone_is_exported_again(tiny, pixels, tmp_path):
    path = tmp_path / f"{choice.key(tiny)}.json"
    choice._remember(FOUND, path)

    made = Engine(tiny, cache=tmp_path)

    assert made.settled()
    assert np.allclose(made.run(pixels), reference(tiny, pixels), atol=1e-4)
    assert choice.onnx_file(tiny, tmp_path).exists()


def test_a_choice_that_no_longer_works_gives_way_to_torch(tiny, pixels, tmp_path):
    choice._remember(FOUND, tmp_path / f"{choice.key(tiny)}.json")
    choice.onnx_file(tiny, tmp_path).write_bytes(b"no model")

    made = Engine(tiny, cache=tmp_path)

    assert made.settled()
    assert made.describe()["title"] == "torch fp32"
    assert made.describe()["why"].startswith("ONNX Runtime fp32 failed")
    assert np.allclose(made.run(pixels), reference(tiny, pixels), atol=1e-4)


def test_few_pictures_are_not_worth_measuring_and_many_later_are(tiny, pixels, tmp_path):
    made = Engine(tiny, cache=tmp_path)
    made.prepare()
    assert not made.settled()
    assert (made.describe()["title"], made.describe()["why"]) == (
        "torch fp32",
        "too few pictures to measure other ways",
    )
    made.prepare(pixels)
    assert made.settled()


def test_a_backbone_that_was_loaded_in_another_precision_keeps_it(tiny, pixels):
    half = replace(tiny, compute=replace(tiny.compute, dtype=torch.bfloat16))
    made = Engine(half)
    made.prepare(pixels)
    assert made.settled()
    assert made.describe()["title"] == "torch bf16"


def test_the_fastest_wins_unless_it_is_hardly_faster_and_not_exact(pixels):
    rates = {"exact": 100.0, "slower": 50.0, "bit faster": 110.0, "much faster": 120.0}

    def winner(names):
        tried = [Choice(name, "fp32" if name in ("exact", "slower") else "bf16", 8, rates[name]) for name in names]
        return max(tried, key=choice._merit).backend

    assert winner(["slower", "exact"]) == "exact"
    assert winner(["exact", "bit faster"]) == "exact"
    assert winner(["exact", "much faster"]) == "much faster"


def test_what_is_not_faithful_is_not_used_however_fast(pixels, rng):
    right = np.linalg.qr(rng.normal(size=(16, 16)))[0].astype(np.float32)
    wrong = right[::-1].copy()
    backends = {
        "right": Fake(features=right, slow=50),
        "wrong": Fake(features=wrong),
        "nan": Fake(features=wrong * np.nan),
    }
    found = measure([(name, "fp32") for name in backends], lambda name, _: backends[name], pixels, 1)
    assert found.backend == "right"
    assert found.others["wrong fp32"].startswith("not faithful: mean cosine")
    assert found.others["nan fp32"].startswith("not faithful: mean cosine -1")
    assert all(backend.released for backend in backends.values())


def test_a_library_that_fails_is_named_and_left_out(pixels):
    def builder(name, _):
        if name == "broken":
            raise ValueError("no such operator\nand more")
        return Fake(features=np.eye(16, dtype=np.float32))

    found = measure([("good", "fp32"), ("broken", "fp32")], builder, pixels, 1)
    assert found.backend == "good"
    assert found.others == {"broken fp32": "failed: no such operator"}


def test_without_patience_only_one_alternative_is_tried(pixels, monkeypatch):
    monkeypatch.setattr(choice, "PATIENCE", 0)
    ways = [("reference", "fp32"), ("second", "fp32"), ("third", "fp32")]
    found = measure(ways, lambda name, _: Fake(features=np.eye(16, dtype=np.float32)), pixels, 1)
    assert found.others["third fp32"] == "not tried: there was no time left"


def test_fidelity_asks_for_angles_and_for_neighbours(rng):
    rows = rng.normal(size=(16, 8)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    turned = np.linalg.qr(rng.normal(size=(8, 8)))[0].astype(np.float32)
    assert fidelity(rows, rows) == (pytest.approx(1), 1)
    cosine, agreement = fidelity(rows @ turned, rows)
    assert cosine < 0.9
    assert agreement == 1  # a rotation keeps who is near to whom
    assert fidelity(rows[:1], rows[:1])[1] == 1
    assert fidelity(rows * np.nan, rows) == (-1, 0)


@given(room=st.integers(1, 40), count=st.integers(1, 40))
def test_a_batch_that_does_not_fit_is_halved_until_it_does(tiny, room, count):
    backend = Fake(room=room)
    made = with_backend(tiny, backend)
    pictures = np.arange(count, dtype=np.uint8).reshape(count, 1, 1, 1)

    assert made.run(pictures)[:, 0].tolist() == list(range(count))

    failed = [size for size in backend.sizes if size > room]
    assert failed == [count // 2**step for step in range(len(failed))]
    assert backend.released == len(failed)
    backend.sizes.clear()
    made.run(pictures)
    assert max(backend.sizes) <= room  # it has learnt
    assert made.describe()["batch"] <= 32


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory."),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
        onnxruntime.capi.onnxruntime_pybind11_state.RuntimeException("Failed to allocate memory for requested buffer"),
        onnxruntime.capi.onnxruntime_pybind11_state.Fail("std::bad_alloc"),
    ],
)
def test_each_library_says_in_its_own_words_that_memory_did_not_suffice(tiny, error):
    assert out_of_memory(error)
    made = with_backend(tiny, Fake(room=0, error=error))
    with pytest.raises(type(error)):
        made.run(np.zeros((8, 1, 1, 3), np.uint8))
    assert made._backend.sizes == [8, 4, 2, 1]


def test_another_error_is_not_tried_again(tiny):
    made = with_backend(tiny, Fake(room=0, error=ValueError("wrong shape")))
    with pytest.raises(ValueError, match="wrong shape"):
        made.run(np.zeros((8, 1, 1, 3), np.uint8))
    assert made._backend.sizes == [8]


@pytest.mark.parametrize(("memory", "batch"), [(1 << 40, 32), (8 * 100 * 8, 8), (8 * 100 * 7, 4), (0, 1)])
def test_the_batch_fits_the_memory(memory, batch, monkeypatch):
    monkeypatch.setattr(choice, "_host_memory", lambda: memory)
    assert fitting(Fake(), 100) == batch


def test_the_memory_of_a_picture_follows_the_largest_activation(tiny):
    widest = 4 * tiny.input_px * tiny.input_px * 3  # the picture itself in fp32
    assert 4 * widest / 8 < choice.activation_bytes(tiny) < 4 * widest * 8
    assert choice.activation_bytes(replace(tiny, input_px=2 * tiny.input_px)) == 4 * choice.activation_bytes(tiny)


def test_the_cache_keeps_the_exported_models_that_were_used_last(tmp_path):
    for number in range(choice.KEPT_FILES + 2):
        path = tmp_path / f"{number}.onnx"
        path.write_bytes(b"x")
        os.utime(path, (number, number))
    choice._forget_old(tmp_path)
    assert sorted(path.stem for path in tmp_path.iterdir()) == ["2", "3", "4", "5"]


def test_lanes_share_the_threads(tiny, tmp_path, monkeypatch):
    asked = []
    real = onnxruntime.InferenceSession

    def session(path, options, **rest):
        asked.append(options.intra_op_num_threads)
        options.intra_op_num_threads = 1
        return real(path, options, **rest)

    export(tiny, tmp_path / "model.onnx")
    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    for count, lanes, each in ((1, 1, 1), (2, 2, 1), (8, 8, 1), (32, 8, 4)):
        monkeypatch.setattr("worker.ml.engine.backends.threads", lambda count=count: count)
        assert OnnxBackend(tmp_path / "model.onnx").lanes == lanes
        assert asked.pop() == each


def test_a_half_written_export_is_never_found(tiny, tmp_path, monkeypatch):
    def fail(model, example, path, **names):
        path.write_bytes(b"half")
        raise RuntimeError("no such operator")

    monkeypatch.setattr("worker.ml.engine.backends.write_onnx", fail)
    with pytest.raises(RuntimeError):
        export(tiny, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_cannot_be_exported_runs_on_torch(tiny, pixels, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("no such operator")

    monkeypatch.setattr("worker.ml.engine.backends.write_onnx", fail)
    made = Engine(tiny, cache=tmp_path)
    made.prepare(pixels)
    assert made.describe()["backend"] == TORCH
    assert made.describe()["others"]["ONNX Runtime fp32"] == "failed: no such operator"


def test_several_threads_may_run_at_once(tiny, pixels, tmp_path):
    made = engine.build(tiny, ONNX, "fp32", tmp_path / "model.onnx")
    expected = made.run(pixels[:8])
    found = []
    workers = [threading.Thread(target=lambda: found.append(made.run(pixels[:8]))) for _ in range(4)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert all(np.array_equal(each, expected) for each in found)
