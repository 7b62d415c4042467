"""How long a labeler waits in the browser: from a key to the next picture, and to the next page of sixty.

    python -m tests.bench.bench_ui [--images 10000] [--labels 300] [--pages 20] [--only label|verify|cold]

A project of 10,000 different 1280-px JPEGs; 150 ms are added to every request, pictures included; the browser's cache
is empty; head refreshes run one after the other meanwhile. Labels come in bursts of ten, eight keys a second, with a
second between bursts; Verify gets one Enter every four seconds. Measured is from the key event's own timestamp to the
end of the first frame after the new, decoded pictures are in the document, and compared with what the browser itself
reports (Event Timing, which rounds to 8 ms and leaves out what was quicker than 16). What was shown is compared with
what the server recorded. Exits with 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, BrowserContext, Page, Response

from tests.bench.ui_pictures import KINDS
from tests.bench.ui_world import copy_of, prepared
from tests.bundle import initial_sizes
from tests.e2e.browser import chromium
from tests.measuring import LEAD, PASSWORD, PROJECT
from tests.product import Product, running
from worker.management.client import ApiError, Client

PROBE = Path(__file__).with_name("ui_probe.js").read_text()
LATENCY = 150  # milliseconds added to every request
BURST, RATE, PAUSE = 10, 8, 1.0
PAGE_SIZE, PAGE_SECONDS = 60, 4.0
LABEL_P95, VERIFY_P95, INTERACTIVE = 50, 100, 1500  # milliseconds
SETTLED = 10  # seconds
EVENT_STEP = 8  # milliseconds to which Event Timing rounds
SCREEN = {"width": 1440, "height": 900}
PATIENCE = 60_000


@dataclass
class World:
    """A running product with the project, and a lead's client of it."""

    product: Product
    browser: Browser
    client: Client
    project: int
    page_size: int
    rng: random.Random = field(default_factory=lambda: random.Random(1))

    @property
    def base(self) -> str:
        """The project's address in the API."""
        return f"/api/projects/{self.project}"


def main() -> None:
    """Measure, print a table and one line of JSON, and exit with 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=10_000, help="pictures in the project")
    parser.add_argument("--labels", type=int, default=300, help="labels to give")
    parser.add_argument("--pages", type=int, default=20, help="pages to verify")
    parser.add_argument("--page-size", type=int, default=PAGE_SIZE, help="pictures a page: fewer in a small project")
    parser.add_argument("--only", choices=PARTS, help="measure one part alone")
    options = parser.parse_args()
    data = prepared(options.images)
    result: dict[str, Any] = {"images": options.images}
    counts = {"cold": 0, "verify": options.pages, "label": options.labels}
    with tempfile.TemporaryDirectory(dir=data.parent) as scratch, running(copy_of(data, Path(scratch) / "data")) as up:
        client = Client(up.url)
        client.login(LEAD, PASSWORD)
        with chromium() as browser:
            world = World(up, browser, client, client.find_project(PROJECT)["id"], options.page_size)
            for name, part in PARTS.items():
                if options.only in (None, name):
                    result[name] = part(world, counts[name])
    show(result)
    sys.exit(0 if all(met for part in parts_of(result) for met in part["met"].values()) else 1)


# What a window is


@contextmanager
def window(world: World, latency: int) -> Iterator[Page]:
    """Open a signed-in window with an empty cache, the probe in it, and every request slowed down."""
    context: BrowserContext = world.browser.new_context(viewport=SCREEN)
    context.set_default_timeout(PATIENCE)
    context.add_cookies(
        [{"name": one.name, "value": one.value or "", "url": world.product.url} for one in world.client.session.cookies]
    )
    context.add_init_script(PROBE)
    page = context.new_page()
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    limits = {"offline": False, "latency": latency, "downloadThroughput": -1, "uploadThroughput": -1}
    network.send("Network.emulateNetworkConditions", limits)
    yield page
    context.close()


def open_room(world: World, page: Page, room: str) -> None:
    """Open a room of the project and wait until the first pictures are on the screen."""
    page.goto(f"{world.product.url}/projects/{world.project}/{room}")
    until(page, "probe.shown.length > 0 && probe.shown[0].painted !== null")


def until(page: Page, condition: str) -> None:
    """Wait for a condition in the page, asked from here: the page's own rules forbid to wait inside it."""
    for _ in range(PATIENCE // 50):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"The page never came to: {condition}")


class Refreshing:
    """Head refreshes, one after the other, while the block runs."""

    def __init__(self, world: World) -> None:
        self.world, self.over, self.seconds = world, threading.Event(), []  # type: ignore[var-annotated]
        self.thread = threading.Thread(target=self._run)

    def __enter__(self) -> Refreshing:
        """Start."""
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Let the last one end."""
        self.over.set()
        self.thread.join()

    def _run(self) -> None:
        client = Client(self.world.product.url)
        client.login(LEAD, PASSWORD)
        while not self.over.is_set():
            start = time.monotonic()
            try:
                client.wait_for_job(self.world.project, client.post(f"{self.world.base}/refresh")["id"])
            except ApiError as error:
                print(f"a refresh failed: {error}", file=sys.stderr)
                time.sleep(1)
            self.seconds.append(time.monotonic() - start)


# The parts


def measure_cold(world: World, _: int) -> dict[str, Any]:
    """Open the Label page without latency and with an empty cache; say when the first picture can be answered."""
    # Workers that still load their libraries would be measured with it.
    world.client.wait_for_job(world.project, world.client.post(f"{world.base}/refresh")["id"])
    time.sleep(SETTLED)
    with window(world, 0) as page:
        open_room(world, page, "label")
        interactive = page.evaluate("probe.shown[0].painted")
        page.keyboard.press(letters(world)[0])
        until(page, "probe.shown.length > 1")
        page.wait_for_timeout(1000)
        shifts = page.evaluate("probe.shifts")
    loaded = initial_sizes()
    script = max(size for page, size in loaded.items() if page.endswith(("LabelPage.tsx", "VerifyPage.tsx")))
    return {
        "interactive_ms": round(interactive, 1),
        "layout_shift": total(shifts),
        "shifts": shifts,
        "script_bytes": script,
        "met": {
            f"Label page interactive ≤ {INTERACTIVE} ms": interactive <= INTERACTIVE,
            "no layout shift": total(shifts) == 0,
        },
    }


def measure_label(world: World, labels: int) -> dict[str, Any]:
    """Label in bursts while heads are refreshed."""
    keys = letters(world)
    with window(world, LATENCY) as page:
        open_room(world, page, "label")
        page.wait_for_timeout(1000)  # somebody looks at the first picture
        with Refreshing(world) as refreshing:
            press_in_bursts(page, labels, lambda: world.rng.choice(keys))
            page.wait_for_timeout(2000)
            page.locator("[data-testid=label-status] [data-state=saved]").wait_for()
        probe = page.evaluate("probe")
        pictures = durations_of(page, "/preview")
    shown = [record["name"] for record in probe["shown"]]
    recorded = recorded_pictures(world, labels)
    repeated = len(shown) - len(set(shown))
    return summary(probe) | {
        "refreshes": len(refreshing.seconds),
        "picture_ms_least": round(min(pictures), 1) if pictures else None,
        "recorded": len(recorded),
        "met": targets(probe, LABEL_P95, labels)
        | {
            "every picture shown was recorded, in order, none twice": shown[: len(recorded)] == recorded
            and repeated == 0
            and len(recorded) == labels,
            "pictures took the added latency": bool(pictures) and min(pictures) >= LATENCY * 0.95,
        },
    }


def press_in_bursts(page: Page, count: int, key: Callable[[], str]) -> None:
    """Press keys at their times: ten at eight a second, then a second of pause."""
    due = time.monotonic()
    for number in range(count):
        if number and number % BURST == 0:
            due += PAUSE
        wait(page, due)
        page.keyboard.press(key())
        due = max(due + 1 / RATE, time.monotonic() + 0.5 / RATE)  # when this machine is late, never two at once


def wait(page: Page, due: float) -> None:
    """Wait until a time of the monotonic clock; the window's events are read meanwhile."""
    left = due - time.monotonic()
    if left > 0:
        page.wait_for_timeout(left * 1000)


def measure_verify(world: World, pages: int) -> dict[str, Any]:
    """Confirm pages of sixty, one every four seconds, while heads are refreshed."""
    world.client.patch(world.base, {"verify_adaptive": False})
    leased: dict[int, list[int]] = {}
    confirmed: list[int] = []

    def note(response: Response) -> None:
        if response.request.method == "POST" and response.ok:
            note_pages(response, leased, confirmed)

    with window(world, LATENCY) as page:
        page.on("response", note)
        open_room(world, page, f"verify?size={world.page_size}")
        with Refreshing(world) as refreshing:
            due = time.monotonic()
            for _ in range(pages):
                due = max(due + PAGE_SECONDS, time.monotonic())
                wait(page, due)
                page.keyboard.press("Enter")
            page.wait_for_timeout(3000)
        probe = page.evaluate("probe")
    shown = [[int(task) for task in record["name"].split(",")] for record in probe["shown"]]
    taken = [leased.get(number, []) for number in confirmed]
    return summary(probe) | {
        "refreshes": len(refreshing.seconds),
        "cells": [len(tasks) for tasks in shown],
        "met": targets(probe, VERIFY_P95, pages)
        | {
            "every page shown was recorded, in order, none twice": shown[: len(taken)] == taken
            and len({task for tasks in shown for task in tasks}) == sum(map(len, shown))
            and len(taken) == pages,
            f"pages of {world.page_size}": min(map(len, shown[:-1])) == world.page_size,
        },
    }


def note_pages(response: Response, leased: dict[int, list[int]], confirmed: list[int]) -> None:
    """Remember which pages the server handed out, and which it has recorded."""
    path = response.url.split("?")[0]
    if path.endswith("/verify/pages"):
        for one in response.json()["pages"]:
            leased[one["id"]] = [picture["task"] for picture in one["pictures"]]
    elif path.endswith("/confirm"):
        confirmed.append(response.json()["page"])


PARTS: dict[str, Callable[[World, int], dict[str, Any]]] = {
    "cold": measure_cold,
    "verify": measure_verify,
    "label": measure_label,
}


# What the numbers say


def letters(world: World) -> list[str]:
    """Return the keys of the classes."""
    return [row["hotkey"] for row in world.client.get(f"{world.base}/classes") if row["name"] in KINDS]


def recorded_pictures(world: World, count: int) -> list[str]:
    """Return the hashes of the lead's last `count` labelled pictures as the server has them, oldest first."""
    rows = world.client.get(f"{world.base}/annotations", mine=1, limit=count)["results"]
    return [row["image"]["urls"]["thumb"].split("/blobs/")[1].split("/")[0] for row in reversed(rows)]


def durations_of(page: Page, ending: str) -> list[float]:
    """Return how long the pictures took that came over the network, in milliseconds."""
    found: list[float] = page.evaluate(
        f"performance.getEntriesByType('resource').filter((one) => one.name.endsWith('{ending}') && one.transferSize)"
        ".map((one) => one.responseEnd - one.startTime)"
    )
    return found


def waits(probe: dict[str, Any]) -> list[float]:
    """Return the milliseconds from each key to what it asked for; infinite where it never came."""
    return [key["painted"] - key["pressed"] if key["painted"] is not None else float("inf") for key in probe["keys"]]


def reported(probe: dict[str, Any]) -> list[float]:
    """Return what Event Timing says of the same keys, in milliseconds; 16 where it was quicker than it reports."""
    found = {round(event["start"], 1): event["duration"] for event in probe["events"]}
    return [found.get(round(key["pressed"], 1), 16.0) for key in probe["keys"]]


def p95(values: list[float]) -> float:
    """Return the 95th percentile, the larger neighbour when it lies between two."""
    return float(np.percentile(values, 95, method="higher"))


def shown_as(milliseconds: float) -> float | None:
    """Return a time as it is printed; None for what never came."""
    return round(milliseconds, 1) if np.isfinite(milliseconds) else None


def total(shifts: list[dict[str, Any]]) -> float:
    """Return the cumulative layout shift that no key or click is the cause of."""
    return round(sum(shift["value"] for shift in shifts if not shift["hadRecentInput"]), 4)


def summary(probe: dict[str, Any]) -> dict[str, Any]:
    """Return the numbers of one part, in milliseconds."""
    found, browser = waits(probe), reported(probe)
    return {
        "keys": len(found),
        "lost": probe["lost"],
        "p50": shown_as(float(np.median(found))),
        "p95": shown_as(p95(found)),
        "max": shown_as(max(found)),
        "event_p50": float(np.median(browser)),
        "event_p95": p95(browser),
        "event_max": max(browser),
        "layout_shift": total(probe["shifts"]),
        "shifts": [shift for shift in probe["shifts"] if not shift["hadRecentInput"]][:5],
    }


def targets(probe: dict[str, Any], limit: int, keys: int) -> dict[str, bool]:
    """Return which of the targets that both rooms share are met."""
    return {
        f"p95 ≤ {limit} ms": p95(waits(probe)) <= limit,
        f"Event Timing agrees (p95 ≤ {-(-limit // EVENT_STEP) * EVENT_STEP} ms)": p95(reported(probe))
        <= -(-limit // EVENT_STEP) * EVENT_STEP,
        "every key did something": probe["lost"] == 0 and len(probe["keys"]) == keys,
        "no layout shift": total(probe["shifts"]) == 0,
    }


def parts_of(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the parts that were measured."""
    return [result[name] for name in PARTS if name in result]


def show(result: dict[str, Any]) -> None:
    """Print the table for people and the JSON for programs."""
    columns = ("keys", "lost", "p50", "p95", "max", "event_p50", "event_p95", "event_max", "layout_shift", "refreshes")
    print("".join(f"{name:>13}" for name in ("ms", *columns)))
    for name in ("label", "verify"):
        if name in result:
            print(f"{name:>13}" + "".join(f"{result[name][column]!s:>13}" for column in columns))
    if cold := result.get("cold"):
        print(
            f"Label page, cold: interactive after {cold['interactive_ms']} ms, "
            f"layout shift {cold['layout_shift']}, scripts {cold['script_bytes'] / 1000:.0f} kB gzipped"
        )
    for name in PARTS:
        for target, met in result.get(name, {}).get("met", {}).items():
            print(f"{'met' if met else 'MISSED'}: {name}: {target}")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
