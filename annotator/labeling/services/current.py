"""The current labels of an image: its `ImageLabel` rows and their mirror on the image."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from annotator.images.models import Image, Trust
from annotator.images.services import mirror_label, mirror_labels
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


@dataclass(frozen=True)
class NewLabels:
    """What the current labels of an image become, as `set_labels` takes it."""

    image: Image
    label_ids: Sequence[int]
    trust: int
    absent_ids: Sequence[int] = ()

    @property
    def mirrored(self) -> tuple[int | None, int]:
        """The label and the trust that the image mirrors."""
        kept = self.trust if self.label_ids or self.absent_ids else Trust.NONE
        return (self.label_ids[0] if self.label_ids else None), int(kept)


def set_labels_of_many(*, project_id: int, changes: Sequence[NewLabels]) -> None:
    """Do what `set_labels` does for many images at once, in as many queries as for one.

    The images were read inside the transaction, which has locked the project's row; they are brought up to date.
    """
    if not changes:
        return
    mirror_labels(project_id=project_id, labels={change.image.pk: change.mirrored for change in changes})
    ImageLabel.objects.filter(image__in=[change.image.pk for change in changes]).delete()
    rows = []
    for change in changes:
        image = change.image
        image.label_id, image.trust = change.mirrored
        image.label_version += 1
        rows += [
            ImageLabel(
                image=image, label_class_id=label, present=present, trust=change.trust, version=image.label_version
            )
            for labels, present in ((change.label_ids, True), (change.absent_ids, False))
            for label in labels
        ]
    ImageLabel.objects.bulk_create(rows)
