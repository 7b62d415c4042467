"""Find duplicates: compare new pictures with all earlier ones, keep the pairs that are copies, group them.

Every picture looks back at those of earlier positions, block by block, and a block becomes visible with the row that
says how far the search has come. So neither the portions in which pictures arrive nor a killed attempt change what is
found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL.Image import Image as Picture

from annotator.common.arrays import publish, read_array, write_arrays
from annotator.common.blobs import BlobChanged, local_path
from annotator.curation.selectors import searched_up_to
from annotator.curation.services import Pair, record_pairs, regroup
from annotator.images.models import Image
from annotator.images.selectors import Embeddings, active_space, embeddings
from worker.ml.duplicates.align import Cuts, align
from worker.ml.duplicates.confirm import MIN_COARSE, confirm
from worker.ml.duplicates.propose import near_embeddings, near_hashes
from worker.ml.duplicates.reasons import reason
from worker.ml.duplicates.signatures import read_picture, sign
from worker.runner import AttemptLost, JobContext

BLOCK = 512  # positions
CUTS_KEPT = 256  # pictures, a third of a megabyte each


def handle(ctx: JobContext) -> dict[str, Any]:
    """Compare every embedded position that was not compared yet, then bring the groups in line."""
    project = ctx.project
    space = active_space(project.pk)
    first = done = searched_up_to(project.pk)
    end = space.length if space is not None else 0
    pairs = 0
    if space is not None and done < end:
        search = Search(ctx, embeddings(space), end)
        while done < end:
            stop = min((done // BLOCK + 1) * BLOCK, end)
            found = search.compare(done, stop, first)
            if not record_pairs(project_id=project.pk, start=done, stop=stop, pairs=found):
                raise AttemptLost
            pairs += len(found)
            done = stop
    moved = regroup(project_id=project.pk)
    return {"compared": done - first, "pairs": pairs, "moved": moved}


@dataclass(frozen=True)
class Shown:
    """What is known of a picture: its id, content, and full size (width, height)."""

    image_id: int
    sha256: str
    size: tuple[int, int]


class Search:
    """One attempt's way through the pictures."""

    def __init__(self, ctx: JobContext, vectors: Embeddings, end: int) -> None:
        self.ctx = ctx
        self.vectors = vectors
        self.end = end
        self.signatures = Signatures(ctx)
        self.cuts = lru_cache(maxsize=CUTS_KEPT)(lambda position: Cuts(self.signatures.grey(position)))

    def compare(self, start: int, stop: int, first: int) -> list[Pair]:
        """Compare positions start … stop with all earlier ones; `first` is where the attempt began."""
        self.signatures.extend(stop)
        found = []
        for position, earlier in self._proposals(start, stop):
            found += self._confirmed(position, earlier)
            self.ctx.progress(position + 1 - first, self.end - first, "images")
        return found

    def _proposals(self, start: int, stop: int) -> Iterator[tuple[int, list[int]]]:
        """Yield each position with the earlier ones that it may be a copy of."""
        rows = self.vectors.rows(np.arange(start, stop))
        hashes, mirrored = (self.signatures.all(name) for name in ("hash", "mirrored"))
        similar = near_embeddings(rows, start, self.vectors.shards())
        alike = near_hashes(hashes[start:stop], mirrored[start:stop], start, hashes)
        for offset, (near, same) in enumerate(zip(similar, alike, strict=True)):
            yield start + offset, np.union1d(near, same).tolist()

    def _confirmed(self, position: int, earlier: list[int]) -> list[Pair]:
        alignments = {other: align(self.cuts(other), self.cuts(position)) for other in earlier}
        close = [other for other in earlier if alignments[other].likeness >= MIN_COARSE]
        shown = _shown(self.ctx.project.pk, [*close, position]) if close else {}
        pairs = []
        for other in close:
            if position in shown and other in shown:
                one, two = shown[other], shown[position]
                first, second = _picture(one.sha256), _picture(two.sha256)
                match = confirm(first, second, alignments[other]) if first and second else None
                if match is not None:
                    why = reason(match, one.size, two.size)
                    pairs.append(Pair(two.image_id, one.image_id, round(match.detail, 4), why))
        return pairs


class Signatures:
    """The signatures of a project's pictures, made once, kept in the array store in blocks, and made again if lost.

    They follow from the pictures alone: no row names them, and an unfinished last block is made anew when it grows.
    """

    def __init__(self, ctx: JobContext) -> None:
        self.ctx = ctx
        self.hashes: dict[str, list[npt.NDArray[np.uint64]]] = {"hash": [], "mirrored": []}

    def extend(self, stop: int) -> None:
        """Have the signatures of all positions below `stop`."""
        for number in range(max(0, len(self.hashes["hash"]) - 1), -(-stop // BLOCK)):
            self._have(number, min(stop - number * BLOCK, BLOCK))
            for name, blocks in self.hashes.items():
                blocks[number:] = [np.array(read_array(self._folder(number), name))]

    def all(self, name: str) -> npt.NDArray[np.uint64]:
        """Return uint64 [positions], the hashes (`hash` or `mirrored`) of all positions there are."""
        return np.concatenate(self.hashes[name])

    def grey(self, position: int) -> npt.NDArray[np.uint8]:
        """Return the grey copy of one picture, uint8 [48, 48]."""
        number, row = divmod(position, BLOCK)
        return np.array(read_array(self._folder(number), "grey")[row])

    def _folder(self, number: int) -> str:
        return f"signatures/{self.ctx.project.pk}/{BLOCK}-{number:08d}"

    def _have(self, number: int, rows: int) -> None:
        """Make a block unless it is there with at least so many rows."""
        try:
            if len(read_array(self._folder(number), "hash")) >= rows:
                return
        except (FileNotFoundError, ValueError):  # not made yet, or lost
            pass
        start = number * BLOCK
        shown = _shown(self.ctx.project.pk, range(start, start + rows))
        pictures: list[Picture | None] = [None] * rows
        for position, picture in shown.items():
            self.ctx.check()
            pictures[position - start] = _picture(picture.sha256)
        draft = self.ctx.attempt_dir / "signatures"
        write_arrays(draft, sign(pictures))
        publish(draft, self._folder(number))


def _shown(project_id: int, positions: list[int] | range) -> dict[int, Shown]:
    """Return the pictures at these positions that are not archived."""
    images = Image.objects.present().filter(project=project_id)
    if isinstance(positions, range):
        images = images.filter(position__gte=positions.start, position__lt=positions.stop)
    else:
        images = images.filter(position__in=positions)
    rows = images.values_list("position", "id", "sha256", "width", "height")
    return {position: Shown(pk, sha256, (width, height)) for position, pk, sha256, width, height in rows}


def _picture(sha256: str) -> Picture | None:
    """Decode the derivative that models read; None if it is gone or unreadable."""
    path: Path | None
    try:
        path = local_path(sha256, "model")
    except (FileNotFoundError, BlobChanged):
        path = None
    return read_picture(path)
