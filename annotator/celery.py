"""The only Celery app: a doorbell with three queues. Its tasks are in `worker.tasks`."""

import hashlib
import os
import tempfile
from pathlib import Path

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotator.settings")

QUEUES = ("interactive", "cpu", "gpu")
# One fresh connection where a pooled one turns out to be dead. The sweep makes up for what is missed.
AT_ONCE = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}
SOCKET_PATH_BYTES = 100  # the kernel takes 107, and a server may append to it


def embedded_socket(data_dir: Path) -> Path:
    """Return where the embedded broker of a data directory listens; the same for every process of the host.

    A data directory whose path is too long for a socket gets a short, private folder beside the temporary files.
    """
    path = data_dir / "valkey.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_BYTES:
        return path
    short = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"annotator-{os.getuid()}-{short}" / "valkey.sock"


def broker_url() -> str:
    """Return the broker's address: the configured one, else the embedded broker's socket."""
    if not settings.EMBEDDED_BROKER:
        return settings.REDIS_URL
    return f"redis+socket://{embedded_socket(Path(settings.DATA_DIR))}"


app = Celery("annotator")
app.conf.update(
    broker_url=broker_url(),
    result_backend=None,
    task_ignore_result=True,
    task_default_queue="interactive",
    task_acks_late=False,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=True,
    worker_cancel_long_running_tasks_on_connection_loss=True,  # concerns late acks alone; said to be asked no more
    broker_connection_max_retries=None,  # a broker may be away for as long as it likes
    broker_transport_options={"visibility_timeout": 3600, "socket_timeout": 5, "socket_connect_timeout": 3, **AT_ONCE},
    task_publish_retry=True,
    task_publish_retry_policy=AT_ONCE,
    # Every worker sweeps, so that any one of them that lives is enough. Stale ticks expire in a busy queue.
    beat_schedule={
        "webhooks": {
            "task": "webhooks.look",
            "schedule": settings.WEBHOOK_SECONDS,
            "options": {"queue": "cpu", "expires": settings.WEBHOOK_SECONDS + 30},  # a busy machine is late
        }
    }
    | {
        f"sweep by {queue}": {
            "task": "jobs.sweep",
            "schedule": settings.JOB_SWEEP_SECONDS,
            "options": {"queue": queue, "expires": settings.JOB_SWEEP_SECONDS},
        }
        for queue in QUEUES
    },
    beat_scheduler="worker.clock.Clock",
    beat_max_loop_interval=settings.BEAT_SECONDS,
    result_expires=None,  # there are no results, so beat needs no entry that clears them away
    timezone="UTC",
)
