"""The Celery app of worker processes, `celery -A worker.app worker -Q <queue>`: Django set up, then `worker.tasks`."""

import os

import django

from annotator.celery import app

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotator.settings")
django.setup()
app.conf.include = ["worker.tasks"]
