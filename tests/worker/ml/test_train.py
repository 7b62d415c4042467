"""Training learns, stops in time, and goes on after any kill to the very weights that it was heading for."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.worker.ml.training import RECIPE, digest, killed, striped
from worker.ml.checkpoint import load_checkpoint, save_checkpoint
from worker.ml.classifier import PictureUnreadable, create, predict
from worker.ml.curves import read_curves
from worker.ml.device import Compute
from worker.ml.learner import TrainingDiverged
from worker.ml.losses import CrossEntropy
from worker.ml.recipes import InvalidRecipe
from worker.ml.train import CHECKPOINT, Host, TrainingStopped, Watch, can_resume, train, training_compute

KILLS = 4
CPU = Compute(torch.device("cpu"), torch.float32)


@pytest.fixture(autouse=True)
def one_thread():
    """Threads that wait for each other on a busy machine cost more than they bring; and their number is part of
    what makes sums repeatable.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def run(tmp_path, weights_folder):
    """Train in a folder of the test; the `n`th folder is another run."""

    def start(
        recipe=RECIPE, data=None, *, folder="run", report=lambda progress: None, should_stop=lambda: False, **host
    ):
        at = Host(weights_folder=weights_folder, **host)
        watch = Watch(step=report, should_stop=should_stop)
        return train(recipe, data or striped(), tmp_path / folder, watch=watch, host=at)

    return start


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, weights_folder):
    """The digest of the weights that RECIPE leads to."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("undisturbed")
    host = Host(weights_folder=weights_folder)
    return digest(train(RECIPE, striped(), folder, host=host).weights)


def test_a_few_epochs_teach_a_tiny_model_to_tell_stripes(run, tmp_path):
    progress = []
    data = striped(60, 30)
    recipe = replace(RECIPE, epochs=10, batch_size=10)

    result = run(recipe, data, report=progress.append)

    assert result.validation.accuracy > 0.9
    assert (result.steps, result.epochs, result.stopped_early, result.parts) == (60, 10, False, 1)
    assert [each.step for each in progress] == list(range(1, 61))
    assert progress[-1].eta_s < progress[0].eta_s
    assert result.images_per_s > 0
    validations = [line for line in read_curves(tmp_path / "run") if line["kind"] == "validation"]
    assert max(line["macro_f1"] for line in validations) == pytest.approx(result.validation.macro_f1)
    model = create(recipe.backbone, 3).eval()
    model.load_state_dict(load_file(result.weights))
    logits = predict(model, result.frame, data.pictures, data.validation, compute=CPU)
    assert (logits.argmax(1) == data.labels[data.validation]).mean() == result.validation.accuracy


def test_the_same_seed_gives_the_same_weights_with_any_number_of_decoders(run, undisturbed):
    assert digest(run(decoders=2).weights) == undisturbed
    assert digest(run(replace(RECIPE, seed=1), folder="other").weights) != undisturbed


@pytest.mark.kill
@pytest.mark.parametrize("seed", range(KILLS))
def test_a_run_killed_at_any_point_goes_on_to_the_same_weights(run, kill, undisturbed, milestones, seed):
    kill_at = random.Random(seed).randrange(len(milestones))

    kill(kill_at)
    result = run(checkpoint_steps=2)

    assert digest(result.weights) == undisturbed, f"killed at {milestones[kill_at]}"
    steps = [line["step"] for line in read_curves(result.weights.parent) if line["kind"] == "train"]
    assert steps == list(range(1, 10)), "the curve has each point once"


@pytest.fixture
def kill(tmp_path, weights_folder):
    """Train in the folder of `run`, in a process that is killed at a milestone."""
    return lambda kill_at: killed(tmp_path / "run", weights_folder, kill_at=kill_at)


@pytest.fixture(scope="module")
def milestones(tmp_path_factory, weights_folder):
    """The names of the points at which a run can be killed."""
    return killed(tmp_path_factory.mktemp("milestones") / "run", weights_folder, kill_at=None)


def test_the_caller_is_told_of_steps_lines_and_pictures_passed_through(weights_folder, tmp_path):
    steps, lines, aside = [], [], []
    watch = Watch(step=steps.append, line=lines.append, aside=lambda *what: aside.append(what))

    train(RECIPE, striped(), tmp_path / "run", watch=watch, host=Host(weights_folder=weights_folder))

    assert [each.step for each in steps] == list(range(1, 10))
    assert lines == read_curves(tmp_path / "run")
    assert aside[0] == ("looking at the training pictures", 24, 24)
    assert aside[1:] == [("validating", 8, 12), ("validating", 12, 12)] * 4, "each epoch, and the best one at the end"


def test_a_run_cannot_go_on_without_the_best_weights_that_its_checkpoint_names(run, tmp_path):
    assert not can_resume(tmp_path)
    run()
    assert can_resume(tmp_path / "run")
    for path in (tmp_path / "run").glob("best-*"):
        path.unlink()
    assert not can_resume(tmp_path / "run")


def test_a_run_that_is_asked_to_stop_goes_on_later(run, undisturbed):
    calls = []

    def after_four():
        calls.append(1)
        return len(calls) == 4

    with pytest.raises(TrainingStopped):
        run(should_stop=after_four)

    reported = []
    assert digest(run(report=reported.append).weights) == undisturbed
    assert reported[0].step == 5


def test_a_finished_run_is_not_repeated(run, undisturbed):
    run()
    reported = []
    assert digest(run(report=reported.append).weights) == undisturbed
    assert reported == []


def test_training_ends_when_it_no_longer_gets_better_and_keeps_the_best_epoch(run, tmp_path):
    # Nothing is learned at this rate, and so nothing is lost.
    still = replace(
        RECIPE, epochs=9, lr=1e-7, ema_decay=0.0, patience=2, freeze="head", drop_path=0.0, watch="accuracy"
    )

    result = run(still)

    assert result.stopped_early
    assert result.epochs == result.best_epoch + 3 < 9
    assert any("stops early" in line.get("text", "") for line in read_curves(tmp_path / "run"))


def test_without_a_validation_part_the_last_epoch_counts(run):
    data = replace(striped(), validation=np.array([], np.int64))

    result = run(data=data)

    assert result.validation is None
    assert (result.best_epoch, result.temperature) == (2, 1.0)


def test_a_batch_that_does_not_fit_the_memory_is_taken_in_parts(run, tmp_path, monkeypatch):
    """Without batch statistics the gradients are those of the whole batch."""
    recipe = replace(RECIPE, freeze="head", dropout=0.0, drop_path=0.0, loss="cross_entropy")
    whole = load_file(run(recipe, folder="whole").weights)
    forward = CrossEntropy.forward

    def small_memory(loss, logits, targets):
        if len(targets) > 3:
            raise torch.OutOfMemoryError
        return forward(loss, logits, targets)

    monkeypatch.setattr(CrossEntropy, "forward", small_memory)
    result = run(recipe, folder="parts")

    parts = load_file(result.weights)
    assert result.parts == 4
    assert all(torch.allclose(parts[name], whole[name], atol=1e-5) for name in whole)
    assert any("4 parts" in line.get("text", "") for line in read_curves(tmp_path / "parts"))


def test_a_picture_too_much_for_the_memory_is_an_error(run, monkeypatch):
    def no_memory(loss, logits, targets):
        raise torch.OutOfMemoryError

    monkeypatch.setattr(CrossEntropy, "forward", no_memory)
    with pytest.raises(torch.OutOfMemoryError):
        run(replace(RECIPE, loss="cross_entropy"))


def test_a_loss_that_is_no_number_ends_the_run(run, monkeypatch):
    monkeypatch.setattr(CrossEntropy, "forward", lambda loss, logits, targets: logits.sum(1) * float("nan"))
    with pytest.raises(TrainingDiverged, match="nan at step 0"):
        run(replace(RECIPE, loss="cross_entropy"))


def test_tensorboard_shows_what_the_lines_say(run, tmp_path):
    run()

    events = EventAccumulator(str(tmp_path / "run" / "tensorboard")).Reload()
    for kind, name in (("train", "loss"), ("validation", "macro_f1")):
        told = [(line["step"], line[name]) for line in read_curves(tmp_path / "run") if line["kind"] == kind]
        drawn = [(event.step, event.value) for event in events.Scalars(f"{kind}/{name}")]
        assert np.allclose(drawn, told)


def test_a_folder_of_another_run_is_refused(run):
    run()
    with pytest.raises(ValueError, match="another recipe or other data"):
        run(replace(RECIPE, seed=1))
    with pytest.raises(ValueError, match="another recipe or other data"):
        run(data=striped(27))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"classes": ("only",)}, "at least two classes"),
        ({"classes": ("a", "b", "c", "unseen")}, "No training picture of: unseen"),
        ({"labels": np.zeros(3, np.int64)}, "36 pictures have 3 labels"),
        ({"validation": np.array([0])}, "both learned from and validated on"),
    ],
)
def test_data_that_nothing_can_be_learned_from_is_refused(run, change, message):
    with pytest.raises(ValueError, match=message):
        run(data=replace(striped(), **change))


def test_a_picture_that_cannot_be_read_is_named(run, tmp_path):
    paths = [tmp_path / f"{row}.jpg" for row in range(36)]
    with pytest.raises(PictureUnreadable, match=r"\d+\.jpg cannot be read"):
        run(data=replace(striped(), pictures=paths))


def test_half_precision_needs_a_gpu_if_it_is_asked_for(run):
    with pytest.raises(InvalidRecipe, match="fp16 needs a GPU"):
        training_compute(replace(RECIPE, precision="fp16"), torch.device("cpu"))
    assert training_compute(replace(RECIPE, precision="bf16"), torch.device("cpu")).dtype == torch.bfloat16


def test_bfloat16_learns_too(run):
    assert np.isfinite(run(replace(RECIPE, precision="bf16", epochs=2)).temperature)


def test_a_checkpoint_is_replaced_as_a_whole(tmp_path, monkeypatch):
    path = tmp_path / CHECKPOINT
    save_checkpoint(path, {"weight": torch.ones(3)}, {"step": 1})

    def disk_full(descriptor):
        raise OSError("No space left on device")

    monkeypatch.setattr("os.fsync", disk_full)
    with pytest.raises(OSError, match="No space"):
        save_checkpoint(path, {"weight": torch.zeros(3)}, {"step": 2})

    tensors, state = load_checkpoint(path)
    assert (tensors["weight"].tolist(), state) == ([1, 1, 1], {"step": 1})
