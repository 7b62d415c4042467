"""What can go wrong in a training run, in words for the person who asked for it."""

from __future__ import annotations

import torch

from worker.ml.artifacts import OnnxDiffers
from worker.ml.backbones import WeightsUnavailable
from worker.ml.classifier import PictureUnreadable
from worker.ml.learner import TrainingDiverged
from worker.ml.recipes import InvalidRecipe
from worker.runner import JobFailed, explain


def explained(error: Exception) -> JobFailed:
    """Turn what a training run raised into words."""
    if _no_memory(error):
        hint = "Train with a smaller backbone, freeze more of it, or use a machine with more memory."
        return JobFailed("out_of_memory", "The memory does not suffice, even for one picture at a time.", hint)
    if isinstance(error, WeightsUnavailable | TrainingDiverged):
        return JobFailed(error.code, str(error), error.hint)
    if isinstance(error, InvalidRecipe):
        return JobFailed("invalid_recipe", f"The recipe cannot be followed: {error}.", "Change it, then train again.")
    if isinstance(error, PictureUnreadable):
        hint = "Restore the picture storage and try again, or start another run, which does without this picture."
        return JobFailed(error.code, "A picture that this run learns from cannot be read any more.", hint)
    if isinstance(error, OnnxDiffers):
        hint = "Try again; if it happens again, train with another backbone."
        return JobFailed(error.code, f"The model could not be exported faithfully. {error}", hint)
    return explain(error)


def _no_memory(error: Exception) -> bool:
    """A GPU says so by a class of its own, a CPU in words."""
    return isinstance(error, torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and "DefaultCPUAllocator" in str(error)
    )
