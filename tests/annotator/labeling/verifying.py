"""Builders for Verify: projects whose pictures have suggestions, and known pictures to plant."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from annotator.accounts.models import User
from annotator.images.models import Image, Trust
from annotator.images.services import ensure_space
from annotator.labeling.models import ImageLabel, VerifyPage
from annotator.labeling.services import Confirmation, Confirmed, Leased, Wanted, confirm_page, lease_pages
from annotator.projects.models import LabelClass, Project
from tests.annotator.images.arrivals import store_scores
from tests.factories import make_image, make_project


def class_of(project: Project, name: str) -> LabelClass:
    """Return a class by its name."""
    return LabelClass.objects.get(project=project, name=name)


def know(project: Project, name: str, count: int = 1, *, trust: int = Trust.HUMAN) -> list[Image]:
    """Add pictures that are known to be of a class."""
    label = class_of(project, name)
    images = [make_image(project, label=label, trust=trust, label_version=1) for _ in range(count)]
    ImageLabel.objects.bulk_create(
        ImageLabel(image=image, label_class=label, trust=trust, version=1) for image in images
    )
    return images


def suggest(project: Project, guesses: Sequence[tuple[str, float]]) -> None:
    """Publish a suggestion for each picture, in order of position."""
    other = {"cat": "dog", "dog": "cat"}
    top = [[(name, sure), (other.get(name, name), 1 - sure)] for name, sure in guesses]
    store_scores(project, top, space=ensure_space(project=project, dim=4))


def verify_project(cats: int = 40, dogs: int = 0, known: int = 0, **fields) -> Project:
    """A project of pictures that are taken for cats with falling confidence, for dogs, and of known dogs."""
    project = make_project(**({"verify_adaptive": False, "gold_per_page": 2} | fields))
    for _ in range(cats + dogs):
        make_image(project)
    know(project, "dog", known)
    sure = [0.99 - 0.4 * number / max(cats, 1) for number in range(cats)]
    suggest(project, [("cat", one) for one in sure] + [("dog", 0.9)] * dogs + [("dog", 0.6)] * known)
    return project


def lease(project: Project, user: User | None = None, *, name: str = "cat", count: int = 1, **wanted) -> Leased:
    """Lease pages of a class."""
    asked = Wanted(**({"mode": "class", "order": "confident", "class_id": class_of(project, name).pk} | wanted))
    return lease_pages(project=project, user=user or project.created_by, wanted=asked, count=count)


def page_of(project: Project, user: User | None = None, **wanted) -> VerifyPage:
    """Lease one page of cats."""
    return lease(project, user, **wanted).pages[0]


def confirm(page: VerifyPage, **said) -> Confirmed:
    """Confirm a page."""
    answer = Confirmation(**({"client_id": uuid.uuid4(), "seconds": 6.0} | said))
    return confirm_page(project=page.project, user=page.user, page_id=page.pk, said=answer)
