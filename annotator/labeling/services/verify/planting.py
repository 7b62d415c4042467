"""Known pictures among those to be verified: what a person lets pass of them tells how much is overlooked."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import numpy as np
from django.db.models import Exists, OuterRef, QuerySet

from annotator.accounts.models import User
from annotator.images.models import Image, Trust
from annotator.labeling.models import Annotation, ImageLabel, Purpose, Task
from annotator.labeling.selectors.verify import Waiting
from annotator.projects.models import Project

SAMPLE = 400  # trusted pictures of other classes among which confusable ones are looked for
BEST = 8  # of the most confusable ones, this many for each that is wanted, so that pages differ

_random = secrets.SystemRandom()


def choose_planted(*, view: Waiting, user: User, class_id: int, count: int) -> list[Image]:
    """Return up to `count` pictures of which a person is trusted to have said that they are not of a class.

    Those go first that the model takes for the class, since real exceptions are of that kind; and those that this
    person has not met as planted ones yet.
    """
    known = _known_others(view, class_id)
    if count == 0 or not len(known):
        return []
    sample = _random.sample(known.tolist(), min(SAMPLE, len(known)))
    sample.sort(key=lambda position: -_likeness(view, position, class_id))
    best = sample[: BEST * count]
    met = Annotation.objects.filter(image=OuterRef("pk"), purpose=Purpose.GOLD, user=user)
    rows = _not_planted().filter(project=view.project, position__in=best)
    images = list(rows.annotate(met=Exists(met)))
    _random.shuffle(images)
    return list(sorted(images, key=lambda image: image.met)[:count])


def still_known(images: Sequence[Image]) -> list[Image]:
    """Return those of the chosen pictures that nobody took or relabelled meanwhile; for the transaction that plants."""
    versions = dict(_not_planted().filter(pk__in=[image.pk for image in images]).values_list("pk", "label_version"))
    return [image for image in images if versions.get(image.pk) == image.label_version]


def _not_planted() -> QuerySet[Image]:
    """Pictures that are on nobody's page as planted ones."""
    waiting = Task.objects.filter(image=OuterRef("pk"), purpose=Purpose.GOLD, state=Task.State.LEASED)
    return Image.objects.present().filter(~Exists(waiting))


def _known_others(view: Waiting, class_id: int) -> np.ndarray:
    """Positions int64 [k] of pictures that a person said not to be of a class, outside reserve and hold-outs."""
    cols = view.cols
    usable = cols.present & ~cols.reserve & ~cols.holdout & (cols.trust >= Trust.HUMAN)
    if view.project.label_mode != Project.LabelMode.MULTI:
        return np.flatnonzero(usable & (cols.label != class_id) & np.isin(cols.label, view.live))
    absent = ImageLabel.objects.filter(image__project=view.project, label_class=class_id, present=False)
    rows = np.fromiter(absent.filter(trust__gte=Trust.HUMAN).values_list("image__position", flat=True), np.int64)
    return rows[(rows < cols.length) & usable[np.minimum(rows, cols.length - 1)]]


def _likeness(view: Waiting, position: int, class_id: int) -> float:
    """The confidence with which the model takes a picture for one of the class; 0 where it is not among its guesses."""
    guesses = view.scores.top(position) if view.scores is not None else []
    return dict(guesses).get(class_id, 0.0)
