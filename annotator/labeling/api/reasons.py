"""Why a picture was picked, in a sentence that a labeler understands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from annotator.labeling.models import Task

PLAIN = {
    "torn": "The model is torn between its first two guesses.",
    "unsure": "The model has no clear idea what this is.",
    "doubtful": "The model cannot tell whether one of the classes is in it.",
    "unlike_labelled": "Unlike anything labelled so far.",
    "typical": "Typical of many pictures that nobody has labelled.",
    "rare": "Looks like a class that has few labels.",
    "short": "Probably of a class that still lacks pictures.",
    "random": "Picked at random.",
    "focus": "Your lead points the queue at such pictures.",
    "control": "Picked at random, as a comparison.",
}


def show_reason(task: Task, names: Mapping[int, str]) -> dict[str, Any]:
    """Say why this picture was picked; programs (and other languages) use `code`, `class` and the numbers.

    Args:
        task: that waits.
        names: of the project's classes, by id; a sentence names no class that is not among them.
    """
    code = str(task.reason.get("code", ""))
    nothing = {"class": None, "lacks": None, "margin": None, "nearest_similarity": None, "look_alikes": 0}
    return {**nothing, **task.reason, "code": code, "text": _named(code, task, names) or PLAIN.get(code, "")}


def _named(code: str, task: Task, names: Mapping[int, str]) -> str:
    """The sentence with the names of the classes that it is about; empty where it needs none, or does not know them."""
    guesses = [names.get(label, "") for label, _ in task.suggestion_top[:2]]
    about = names.get(task.reason.get("class") or 0, "")
    if code == "torn" and len(guesses) == 2 and all(guesses):
        return f"Torn between {guesses[0]} and {guesses[1]}."
    if code == "unsure" and guesses and guesses[0]:
        return f"No class stands out; {guesses[0]} comes first."
    if code == "doubtful" and about:
        return f"The model cannot tell whether {about} is in it."
    if code == "rare" and about:
        return f"Looks like the rare class {about}."
    if code == "focus" and about:
        return f"Your lead asks for pictures that look like {about}."
    if code == "short" and about:
        lacks = task.reason.get("lacks") or 0
        pictures = f"{lacks} picture{'' if lacks == 1 else 's'}" if lacks else "pictures"
        return f"Probably {about}, which still lacks {pictures}."
    return ""
