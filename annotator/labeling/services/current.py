"""The current labels of an image: its `ImageLabel` rows and their mirror on the image."""

from __future__ import annotations

from collections.abc import Iterable

from annotator.images.models import Image, Trust
from annotator.images.services import mirror_label
from annotator.labeling.models import ImageLabel


def set_labels(*, image: Image, label_ids: Iterable[int], trust: int) -> None:
    """Make these the image's current labels (none: back to the pool); `image` is brought up to date.

    Call inside a transaction that has locked the project's row.
    """
    ids = list(label_ids)
    version = mirror_label(
        project_id=image.project_id,
        image_id=image.pk,
        label_id=ids[0] if ids else None,
        trust=trust if ids else Trust.NONE,
        expected_version=image.label_version,
    )
    assert version is not None, "the project's row is locked, so the version cannot have moved"
    ImageLabel.objects.filter(image=image).delete()
    ImageLabel.objects.bulk_create(
        ImageLabel(image=image, label_class_id=label, present=True, trust=trust, version=version) for label in ids
    )
    image.label_id = ids[0] if ids else None
    image.trust = trust if ids else Trust.NONE
    image.label_version = version
