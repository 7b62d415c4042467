"""The current labels of an image: its `ImageLabel` rows and their mirror on the image."""

from __future__ import annotations

from collections.abc import Iterable

from annotator.images.models import Image, Trust
from annotator.images.services import mirror_label
from annotator.labeling.models import ImageLabel


def set_labels(*, image: Image, label_ids: Iterable[int], trust: int, absent_ids: Iterable[int] = ()) -> None:
    """Make these the image's current labels, and those verified to be absent; `image` is brought up to date.

    The image mirrors the first label. With no label at all it goes back to the pool (trust none), unless something is
    known to be absent: then "none of these" is what is known of it. Call inside a transaction that has locked the
    project's row.
    """
    ids, absent = list(label_ids), list(absent_ids)
    first = ids[0] if ids else None
    kept = trust if ids or absent else Trust.NONE
    version = mirror_label(
        project_id=image.project_id,
        image_id=image.pk,
        label_id=first,
        trust=kept,
        expected_version=image.label_version,
    )
    assert version is not None, "the project's row is locked, so the version cannot have moved"
    ImageLabel.objects.filter(image=image).delete()
    ImageLabel.objects.bulk_create(
        ImageLabel(image=image, label_class_id=label, present=present, trust=trust, version=version)
        for labels, present in ((ids, True), (absent, False))
        for label in labels
    )
    image.label_id = first
    image.trust = kept
    image.label_version = version
