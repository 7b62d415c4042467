"""Small statistics that need no array library."""

import math


def wilson_interval(successes: int, trials: int, z: float = 1.959964) -> tuple[float, float]:
    """Return the score interval of a proportion, by default at 95 %.

    Unlike the textbook interval it stays inside 0 … 1 and does not collapse at 0 or all successes.

    Raises:
        ValueError: without trials, or with more successes than trials.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
    """
    if not 0 <= successes <= trials or trials == 0:
        raise ValueError(f"{successes} of {trials} is no proportion")
    share, square = successes / trials, z * z
    scale = 1 + square / trials
    middle = (share + square / (2 * trials)) / scale
    half = z * math.sqrt(share * (1 - share) / trials + square / (4 * trials * trials)) / scale
    return max(0.0, middle - half), min(1.0, middle + half)


def entropy(counts: list[int]) -> float:
    """Return the Shannon entropy in nats of the shares of `counts`; empty ones contribute nothing.

    Raises:
        ValueError: all counts are zero.
    """
    total = sum(counts)
    if total <= 0:
        raise ValueError("the shares of nothing have no entropy")
    return -sum(count / total * math.log(count / total) for count in counts if count)
