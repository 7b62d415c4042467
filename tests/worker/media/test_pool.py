"""The decoder survives whatever a picture does to it, and loses that picture alone."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path

import psutil
import pytest
from PIL import Image

from tests.worker.media import pictures
from worker.media.decode import decode_rgb
from worker.media.derive import derivatives
from worker.media.limits import Limits
from worker.media.pool import Decoded, Decoder, Rejected, _Room
from worker.media.process import DecoderStartError
from worker.media.reasons import Reason

HOSTILE = "tests.worker.media.hostile"
PATIENCE = 20.0  # never waited for unless something is wrong


@pytest.fixture
def picture(tmp_path: Path) -> Callable[[str], Path]:
    """Return a maker of small pictures, each with content of its own, by file name."""

    def make(name: str) -> Path:
        path = tmp_path / name
        shade = int.from_bytes(hashlib.sha256(name.encode()).digest()[:3])
        path.write_bytes(pictures.saved(Image.new("RGB", (40, 30), shade), "PNG"))
        return path

    return make


def outcome(result: Decoded | Rejected) -> str:
    return result.reason.value if isinstance(result, Rejected) else "decoded"


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "worker.media" in " ".join(child.cmdline())]


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_pictures_come_back_in_order_with_all_that_an_import_needs(picture, tmp_path: Path) -> None:
    paths = [picture(f"{number}.png") for number in range(20)]
    paths[7].write_bytes(b"no picture")
    photo = Image.fromarray(pictures.gradient(500, 400))
    exif = Image.Exif()
    exif[0x0112] = 6
    paths[9].write_bytes(pictures.saved(photo, "JPEG", exif=exif))
    with Decoder(processes=2) as decoder:
        results = list(decoder.process(paths))
    assert [result.path for result in results] == paths
    assert [outcome(result) for result in results].count("decoded") == 19
    assert results[7] == Rejected(paths[7], Reason.NOT_AN_IMAGE, "")
    content = paths[9].read_bytes()
    assert results[9] == Decoded(
        path=paths[9],
        sha256=hashlib.sha256(content).hexdigest(),
        width=400,
        height=500,
        format="JPEG",
        mode="RGB",
        bytes=len(content),
        exif_orientation=6,
        derivatives=derivatives(decode_rgb(paths[9])),
    )
    assert not children()


def test_each_hostile_picture_is_the_only_one_lost(picture) -> None:
    hostile = {
        "crash": Reason.DECODER_CRASHED,
        "quit": Reason.DECODER_CRASHED,
        "lie": Reason.DECODER_CRASHED,
        "hog": Reason.OUT_OF_MEMORY,
        "hang": Reason.TIMEOUT,
        "bug": Reason.UNKNOWN,
        "write": Reason.UNREADABLE,
    }
    paths = []
    for name in hostile:
        paths += [picture(f"{name}.png"), picture(f"fine_{name}.png")]
    with Decoder(Limits(seconds=2), processes=2, child_module=HOSTILE) as decoder:
        results = list(decoder.process(paths))
    assert [outcome(result) for result in results[0::2]] == [reason.value for reason in hostile.values()]
    assert {outcome(result) for result in results[1::2]} == {"decoded"}


def test_the_remark_says_how_the_decoder_died(picture) -> None:
    with Decoder(child_module=HOSTILE) as decoder:
        crashed, left = decoder.process([picture("crash.png"), picture("quit.png")])
    assert (crashed.detail, left.detail) == ("killed by SIGSEGV", "exited with status 3")


def test_chatter_of_libraries_does_not_get_into_the_answers(picture) -> None:
    with Decoder(child_module=HOSTILE) as decoder:
        assert [outcome(result) for result in decoder.process([picture("chat.png")])] == ["decoded"]


def test_a_child_killed_from_outside_costs_no_picture(picture) -> None:
    with Decoder(child_module=HOSTILE) as decoder:
        results = decoder.process([picture(f"slow_{number}.png") for number in range(6)])
        first = next(results)
        children()[0].kill()
        assert [outcome(result) for result in (first, *results)] == ["decoded"] * 6


def test_children_know_no_secrets(picture, monkeypatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://user:password@host/db")
    with Decoder(child_module=HOSTILE) as decoder:
        (spy,) = decoder.process([picture("spy.png")])
    assert "DATABASE_URL" not in spy.detail
    assert "PYTHONPATH" in spy.detail


def test_a_big_picture_is_decoded_alone_beside_no_other(tmp_path: Path, picture) -> None:
    big = tmp_path / "big.png"
    big.write_bytes(pictures.saved(Image.new("1", (5000, 5000), 1), "PNG"))
    paths = [picture("a.png"), big, picture("b.png"), picture("room.png")]
    with Decoder(processes=2, child_module=HOSTILE) as decoder:
        results = list(decoder.process(paths))
    assert [outcome(result) for result in results] == ["decoded", "decoded", "decoded", "unknown"]
    assert results[3].detail == "shared"


def test_a_picture_too_big_for_its_memory_is_refused(tmp_path: Path, picture) -> None:
    big = tmp_path / "big.png"
    big.write_bytes(pictures.saved(Image.new("1", (9000, 9000), 1), "PNG"))
    with Decoder(Limits(memory_bytes=400_000_000), processes=2) as decoder:
        results = list(decoder.process([big, picture("a.png")]))
    assert [outcome(result) for result in results] == ["out_of_memory", "decoded"]


def test_a_broken_picture_is_looked_at_once_more_with_all_the_room(picture) -> None:
    broken = picture("broken.png")
    broken.write_bytes(pictures.png_file(4, 4, 8, 5, b""))
    with Decoder(processes=2) as decoder:
        results = list(decoder.process([broken, picture("a.png")]))
    assert [outcome(result) for result in results] == ["corrupt", "decoded"]


def test_paths_are_read_only_a_little_ahead_and_work_stops_with_the_caller(picture) -> None:
    taken = []

    def paths() -> Iterator[Path]:
        for number in range(1000):
            taken.append(number)
            yield picture(f"{number}.png")

    with Decoder() as decoder:
        results = decoder.process(paths())
        next(results)
        results.close()
    assert len(taken) < 10
    assert not children()


def test_leaving_does_not_wait_for_a_picture_that_hangs(picture) -> None:
    with Decoder(Limits(seconds=600), child_module=HOSTILE) as decoder:
        results = decoder.process([picture(f"hang_{number}.png") for number in range(8)])

        def wait() -> None:
            with contextlib.suppress(RuntimeError, CancelledError):
                next(results)

        waiting = threading.Thread(target=wait)
        waiting.start()
        assert eventually(lambda: bool(children()))
    waiting.join(PATIENCE)
    assert not waiting.is_alive()
    assert not children()


def test_children_die_with_a_parent_that_is_killed(picture) -> None:
    program = (
        "import sys, pathlib; from worker.media.pool import Decoder\n"
        f"with Decoder(child_module='{HOSTILE}') as decoder:\n"
        "    list(decoder.process([pathlib.Path(sys.argv[1])]))"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(picture("hang.png"))], cwd=Path.cwd())
    try:
        family = psutil.Process(parent.pid)
        assert eventually(lambda: bool(family.children()))
        orphan = family.children()[0]
        assert eventually(lambda: orphan.status() == psutil.STATUS_SLEEPING)
    finally:
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
    assert eventually(lambda: not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE)


def test_a_decoder_that_does_not_start_is_an_error_and_no_verdict_on_pictures(picture) -> None:
    with Decoder(child_module="tests.worker.media.absent") as decoder, pytest.raises(DecoderStartError):
        list(decoder.process([picture("a.png")]))


def test_the_room_holds_many_small_ones_or_one_big_one() -> None:
    room = _Room()
    together, most, big_seen = 0, 0, []
    lock = threading.Lock()

    def visit(big: bool) -> None:
        nonlocal together, most
        with room.alone() if big else room.shared():
            with lock:
                together += 1
                most = max(most, together)
            time.sleep(0.005)
            if big:
                big_seen.append(together)
            with lock:
                together -= 1

    threads = [threading.Thread(target=visit, args=(number % 4 == 0,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert big_seen == [1] * 6
    assert most > 1
