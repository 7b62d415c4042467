"""The inference engine: chooses device, library, precision and batch for a backbone by itself, and says so."""

from worker.ml.engine.engine import WORTH_MEASURING, Engine, measure_rate

__all__ = ["WORTH_MEASURING", "Engine", "measure_rate"]
