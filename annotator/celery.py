"""The only Celery app: a doorbell with three queues. Tasks are registered by `worker.app`."""

import os

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotator.settings")

app = Celery("annotator")
app.conf.update(
    broker_url=settings.REDIS_URL,
    result_backend=None,
    task_ignore_result=True,
    task_default_queue="interactive",
    task_acks_late=False,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"visibility_timeout": 3600, "socket_timeout": 5, "socket_connect_timeout": 3},
    task_publish_retry=False,
    beat_schedule={"sweep": {"task": "jobs.sweep", "schedule": settings.JOB_SWEEP_SECONDS}},
    timezone="UTC",
)
