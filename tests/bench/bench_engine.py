"""How fast stored pictures become stored embeddings: against the forward pass alone, and against a plain timm loop.

    python -m tests.bench.bench_engine [--backbone tf_efficientnet_lite0] [--images 1024] [--rounds 3] [--json]

Bounds: stored pictures to the array store at 0.80 of the forward-only rate or more; 4 times the plain loop or more
(create_model, Pillow, fp32, batches of 32, DataLoader); memory that does not grow with the number of pictures.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

import numpy as np  # noqa: E402
import timm  # noqa: E402
import torch  # noqa: E402
from PIL import Image  # noqa: E402
from torch.utils.data import DataLoader, Dataset  # noqa: E402

from annotator.common.arrays import array_path, publish, write_arrays  # noqa: E402
from tests.measuring import files_of, unpack  # noqa: E402
from worker.handlers.embed import SHARD  # noqa: E402
from worker.media.derive import derivatives  # noqa: E402
from worker.ml.backbones import DEFAULT_PRESET, Backbone, load_backbone  # noqa: E402
from worker.ml.embed import embed_images, read_crop  # noqa: E402
from worker.ml.engine import Engine  # noqa: E402

OF_FORWARD, OF_PLAIN, GROWTH_MIB = 0.80, 4.0, 48
PLAIN_BATCH, PLAIN_WORKERS = 32, 2
FORWARD_SECONDS = 3.0


def main() -> None:
    """Measure, print a table or JSON, and exit with 1 if a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", default=DEFAULT_PRESET)
    parser.add_argument("--images", type=int, default=1024, help="a round; the plain loop gets an eighth of them")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        pictures = stored(Path(scratch), options.images)
        engine = Engine(load_backbone(options.backbone, allow_hub=True), cache=Path(scratch) / "engine")
        result = measure(engine, pictures, options.rounds, Path(scratch))
    show(result, as_json=options.json)
    sys.exit(0 if all(result["met"].values()) else 1)


def stored(scratch: Path, count: int) -> list[Path]:
    """Derivatives for models of `count` photographs, as an import stores them; some more than once if need be."""
    files = [path for _, path in files_of(unpack("clothing10", scratch))]
    (scratch / "derivatives").mkdir()

    def derive(number: int) -> Path:
        path = scratch / "derivatives" / f"{number}.jpg"
        with Image.open(files[number % len(files)]) as image:
            path.write_bytes(derivatives(image.convert("RGB")).model.data)
        return path

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(derive, range(count)))


def measure(engine: Engine, pictures: list[Path], rounds: int, scratch: Path) -> dict:
    """All three ways in turn, round by round; then memory at a quarter of the pictures and at all of them."""
    began = time.perf_counter()
    embed_images(pictures[:64], engine)
    choosing = time.perf_counter() - began
    crops = np.stack([read_crop(path, engine.backbone) for path in pictures[: engine.batch]])
    model, transform = plain_model(engine.backbone)
    forward, through, plain = [], [], []
    for number in range(rounds):
        forward.append(engine.forward_rate(crops, FORWARD_SECONDS))
        through.append(rate(len(pictures), lambda number=number: embed_and_store(engine, pictures, scratch, number)))
        some = pictures[: max(PLAIN_BATCH, len(pictures) // 8)]
        plain.append(rate(len(some), lambda some=some: plain_loop(model, transform, some)))
    of_forward = statistics.median(a / b for a, b in zip(through, forward, strict=True))
    of_plain = statistics.median(a / b for a, b in zip(through, plain, strict=True))
    memory = [peak_anonymous(engine, pictures[: len(pictures) // 4]), peak_anonymous(engine, pictures)]
    return {
        "engine": engine.describe(),
        "pictures": len(pictures),
        "seconds_to_choose_and_embed_64": round(choosing, 2),
        "forward_only": [round(each, 1) for each in forward],
        "stored_to_stored": [round(each, 1) for each in through],
        "plain_timm_loop": [round(each, 1) for each in plain],
        "of_forward_only": round(of_forward, 3),
        "of_plain_loop": round(of_plain, 2),
        "peak_mib_quarter_and_all": [round(each) for each in memory],
        "met": {
            f"{OF_FORWARD} of the forward pass": of_forward >= OF_FORWARD,
            f"{OF_PLAIN} times the plain loop": of_plain >= OF_PLAIN,
            f"four times the pictures need at most {GROWTH_MIB} MiB more": memory[1] - memory[0] <= GROWTH_MIB,
        },
    }


def embed_and_store(engine: Engine, pictures: list[Path], scratch: Path, number: int) -> None:
    """What the embedding job does with files: shard by shard into the array store, synced."""
    for start in range(0, len(pictures), SHARD):
        vectors, failed = embed_images(pictures[start : start + SHARD], engine)
        assert not failed
        draft = scratch / "draft"
        write_arrays(draft, {"embeddings": vectors})
        publish(draft, f"bench/{number}-{start}")
    assert np.load(array_path(f"bench/{number}-0") / "embeddings.npy").any(1).all()


class Pictures(Dataset):
    """Files as anybody reads them."""

    def __init__(self, paths: list[Path], transform) -> None:
        self.paths, self.transform = paths, transform

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> torch.Tensor:
        return self.transform(Image.open(self.paths[index]).convert("RGB"))


def plain_model(backbone: Backbone):
    """timm's model and evaluation transform, with the same weights."""
    model = timm.create_model(backbone.name, num_classes=0).eval()
    model.load_state_dict(backbone.model.state_dict())
    config = timm.data.resolve_model_data_config(model)
    return model, timm.data.create_transform(**config, is_training=False)


def plain_loop(model: torch.nn.Module, transform, paths: list[Path]) -> np.ndarray:
    """What one writes in five lines."""
    loader = DataLoader(Pictures(paths, transform), batch_size=PLAIN_BATCH, num_workers=PLAIN_WORKERS)
    with torch.inference_mode():
        return torch.cat([model(batch) for batch in loader]).numpy()


def rate(count: int, work) -> float:
    """Pictures a second."""
    began = time.perf_counter()
    work()
    return count / (time.perf_counter() - began)


def peak_anonymous(engine: Engine, pictures: list[Path]) -> float:
    """The most memory of its own, in MiB, that this process had while it embedded the pictures in one call."""
    with watched() as seen:
        embed_images(pictures, engine)
    return max(seen)


@contextmanager
def watched() -> Iterator[list[float]]:
    """RssAnon in MiB, read again and again."""
    seen: list[float] = []
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.01):
            lines = Path("/proc/self/status").read_text().splitlines()
            seen.append(next(int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon")))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


def show(result: dict, *, as_json: bool) -> None:
    """A table, then one line of JSON; with `as_json` the JSON alone."""
    if not as_json:
        engine = result["engine"]
        print(f"{engine['title']} on {engine['processor']}, {engine['threads']} threads, batch {engine['batch']}")
        for name in ("forward_only", "stored_to_stored", "plain_timm_loop"):
            print(f"{name:<18}{statistics.median(result[name]):>9.1f} images/s   of {result[name]}")
        print(f"of the forward pass {result['of_forward_only']}, of the plain loop {result['of_plain_loop']}")
        print("peak MiB with a quarter and all of the pictures:", *result["peak_mib_quarter_and_all"])
        for bound, met in result["met"].items():
            print(f"{'met   ' if met else 'BROKEN'} {bound}")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
