"""The class-balance report, computed from plain arrays."""

from annotator.modeling.balance.plan import plan
from annotator.modeling.balance.quantify import Answers, Estimate, Guesses, estimate_pool
from annotator.modeling.balance.report import PARTS, Counts, build_report
from annotator.modeling.balance.spread import effective_samples, spread

__all__ = [
    "PARTS",
    "Answers",
    "Counts",
    "Estimate",
    "Guesses",
    "build_report",
    "effective_samples",
    "estimate_pool",
    "plan",
    "spread",
]
