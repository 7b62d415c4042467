"""A worker whose jobs are toys: `python -m tests.worker.toy CELERY-ARGUMENT…`. Jobs note that they ran."""

import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings

from worker.app import app
from worker.handlers import HANDLERS

STEP_SECONDS = 0.1


def handle(ctx: Any) -> dict[str, Any]:
    """Take some steps of a tenth of a second each, then write the job's number into the notes."""
    steps = ctx.params["steps"]
    for step in range(steps):
        ctx.progress(step, steps, "steps")
        time.sleep(STEP_SECONDS)
    with (Path(settings.DATA_DIR) / "ran").open("a") as notes:
        notes.write(f"{ctx.job.pk}\n")
    return {"steps": steps}


if __name__ == "__main__":
    HANDLERS.update(dict.fromkeys(HANDLERS, "tests.worker.toy"))
    app.worker_main(sys.argv[1:])
