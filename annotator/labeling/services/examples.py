"""The pictures that leads pin to a class's guide: what it is, and what it is not."""

from __future__ import annotations

from django.db import transaction

from annotator.accounts.models import User
from annotator.common.errors import Conflict, DomainError, NotFound
from annotator.images.models import Image, Trust
from annotator.labeling.models import ClassExample
from annotator.projects.models import LabelClass, Project

MAX_PINNED = 8  # of each side: what a labeler takes in at one glance


@transaction.atomic
def pin_example(
    *, project: Project, actor: User, label_class: LabelClass, image_id: int, shows: bool, note: str = ""
) -> ClassExample:
    """Pin a picture to a class's guide, or change what is pinned: `shows` says whether it is one of the class.

    Raises:
        DomainError: the project has no such picture, or it is kept to measure on.
        Conflict: that side of the guide is full.
    """
    Project.objects.select_for_update().get(pk=project.pk)
    image = Image.objects.present().filter(project=project, pk=image_id).first()
    message = ""
    if image is None:
        message = "There is no such picture in this project."
    elif image.holdout_id is not None or (image.reserve and image.trust < Trust.PAGE_VERIFIED):
        message = "This picture is kept to measure on: who had seen it in the guide would not answer it blind."
    if image is None or message:
        raise DomainError(message, errors={"image": [message]})
    others = ClassExample.objects.filter(label_class=label_class, shows=shows).exclude(image=image)
    if others.count() >= MAX_PINNED:
        raise Conflict(f"{MAX_PINNED} pictures are pinned there already. Take one off first.")
    row, _ = ClassExample.objects.update_or_create(
        label_class=label_class, image=image, defaults={"shows": shows, "note": note, "created_by": actor}
    )
    return row


def unpin_example(*, label_class: LabelClass, image_id: int) -> None:
    """Take a picture off a class's guide.

    Raises:
        NotFound: it is not pinned there.
    """
    gone, _ = ClassExample.objects.filter(label_class=label_class, image=image_id).delete()
    if not gone:
        raise NotFound("This picture is not pinned to the class.")
