"""Acceptance on hostile and odd pictures: what Pillow reads comes in exactly, the rest is refused with a reason."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import psutil
import pytest
from PIL import Image

from tests.worker.media.reference import reference_rgb
from worker.media.decode import decode_rgb
from worker.media.limits import Limits
from worker.media.reasons import Reason

pytestmark = pytest.mark.accept

MAX_RSS = 1_000_000_000
LIMITS = Limits()

# Stands for the importer: everything goes through the real decoder, one line of JSON a file.
IMPORTER = """
import json, sys
from pathlib import Path
from worker.media.pool import Decoder, Rejected
with Decoder(processes=int(sys.argv[2])) as decoder:
    for result in decoder.process(sorted(path for path in Path(sys.argv[1]).rglob("*") if path.is_file())):
        about = {"path": str(result.path)}
        if isinstance(result, Rejected):
            about |= {"reason": result.reason, "detail": result.detail}
        else:
            about |= {"size": [result.width, result.height], "sha256": result.sha256}
        print(json.dumps(about))
"""


@dataclass(frozen=True)
class Run:
    """What the decoder said about every file, and the most memory it ever held (RSS, parent and children)."""

    results: dict[Path, dict[str, Any]]
    peak_rss: int
    seconds: float


@pytest.fixture(scope="module")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked pictures; acceptance without its data is a failure, not something to skip."""
    default = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    archive = Path(os.environ.get("ANNOTATOR_SHARED_DATA", default)) / "dirty.tar"
    if not archive.is_file():
        pytest.fail(f"{archive} is missing: acceptance needs it; say where it is with ANNOTATOR_SHARED_DATA")
    folder = tmp_path_factory.mktemp("dirty")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="module")
def run(dirty: Path) -> Run:
    """One pass of the decoder over all files, watched from outside."""
    output = dirty.parent / f"{dirty.name}.jsonl"
    started, peak = time.monotonic(), 0
    with output.open("wb") as lines:
        importer = subprocess.Popen([sys.executable, "-c", IMPORTER, str(dirty), "2"], stdout=lines)
        while importer.poll() is None:
            peak = max(peak, tree_rss(importer.pid))
            time.sleep(0.01)
    seconds = time.monotonic() - started
    assert importer.returncode == 0
    said = [json.loads(line) for line in output.read_text().splitlines()]
    return Run({Path(about.pop("path")): about for about in said}, peak, seconds)


def tree_rss(pid: int) -> int:
    total = 0
    try:
        parent = psutil.Process(pid)
        family = [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    for process in family:
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def pillow_reads(path: Path) -> bool:
    """Whether Pillow or pillow-heif decodes the file within the limits, in a mode that has a meaning in 8 bits."""
    if path.stat().st_size > LIMITS.max_bytes:
        return False
    pillow_heif.register_heif_opener()
    try:
        with warnings.catch_warnings(), Image.open(path) as image:
            warnings.simplefilter("ignore")
            if image.width * image.height > LIMITS.max_pixels or image.mode == "F":
                return False
            image.load()
            return True
    except Exception:  # noqa: BLE001 - whatever Pillow raises, it did not decode
        return False


def test_every_file_gets_an_answer_and_nothing_crashes(dirty: Path, run: Run) -> None:
    assert set(run.results) == {path for path in dirty.rglob("*") if path.is_file()}
    assert not [path for path, about in run.results.items() if about.get("reason") == Reason.DECODER_CRASHED]


def test_what_pillow_decodes_is_decoded(run: Run) -> None:
    readable = {path for path in run.results if pillow_reads(path)}
    missed = {path.name: run.results[path]["reason"] for path in readable if "reason" in run.results[path]}
    print(f"{len(run.results)} files, Pillow reads {len(readable)}, of these {len(readable) - len(missed)} decoded")
    assert len(readable) > 200
    assert len(missed) <= 0.01 * len(readable), missed


@pytest.mark.filterwarnings("ignore")
def test_decoded_pixels_equal_the_reference(run: Run) -> None:
    decoded = [path for path, about in run.results.items() if "reason" not in about]
    different = []
    for path in decoded:
        pixels = np.asarray(decode_rgb(path))
        if list(pixels.shape[1::-1]) != run.results[path]["size"] or not np.array_equal(pixels, reference_rgb(path)):
            different.append(path.name)
    print(f"{len(decoded)} decoded, {len(decoded) - len(different)} equal to the reference pixel for pixel")
    assert not different


def test_everything_else_has_a_reason_from_the_list(run: Run) -> None:
    reasons = [Reason(about["reason"]) for about in run.results.values() if "reason" in about]
    print({reason.value: reasons.count(reason) for reason in sorted(set(reasons))})
    assert reasons.count(Reason.UNKNOWN) <= 0.01 * len(run.results)


def test_memory_stays_within_a_gigabyte(run: Run) -> None:
    print(f"peak RSS of decoder and children {run.peak_rss / 1e6:.0f} MB, {run.seconds:.1f} s")
    assert run.peak_rss <= MAX_RSS
