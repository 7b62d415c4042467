"""Verify: pages of pictures of one suggested class (or one cluster), leased, confirmed and taken back as a unit."""

from annotator.labeling.services.verify.confirming import Confirmation, Confirmed, Excepted, confirm_page, own_page
from annotator.labeling.services.verify.leasing import Leased, Wanted, lease_pages
from annotator.labeling.services.verify.returning import release_pages, return_expired_pages
from annotator.labeling.services.verify.undoing import TakenBackPage, undo_page

__all__ = [
    "Confirmation",
    "Confirmed",
    "Excepted",
    "Leased",
    "TakenBackPage",
    "Wanted",
    "confirm_page",
    "lease_pages",
    "own_page",
    "release_pages",
    "return_expired_pages",
    "undo_page",
]
