"""Writes a torch model as one ONNX file that takes batches of any length."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from torch import nn

OPSET = 17


def write_onnx(model: nn.Module, example: torch.Tensor, path: Path, *, source: str, result: str) -> None:
    """Trace the model on `example` [b, ...] and write it: input `source`, output `result`, both [batch, ...].

    Raises what torch's exporter raises for a model that it cannot express.
    """
    with warnings.catch_warnings():
        # The tracing exporter is deprecated, but writes one file, needs no further package and is thrice as fast.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            (example,),
            str(path),
            input_names=[source],
            output_names=[result],
            dynamic_axes={source: {0: "batch"}, result: {0: "batch"}},
            opset_version=OPSET,
            dynamo=False,
        )
