"""What beat runs on: the fixed entries of the settings, and the schedules of projects, which the database holds."""

from __future__ import annotations

from typing import Any

from celery.beat import ScheduleEntry
from django_celery_beat.schedulers import DatabaseScheduler


class FixedEntry(ScheduleEntry):
    """An entry of `beat_schedule`. It stays out of the database, so none is left over when the settings change."""

    def __next__(self) -> FixedEntry:
        """Note that it has rung, in place: the schedule is read anew with every change, and must not ring again."""
        self.last_run_at = self.default_now()
        self.total_run_count += 1
        return self

    def save(self) -> None:
        """There is nothing to save: a clock that starts anew begins a new interval."""


class Clock(DatabaseScheduler):
    """django-celery-beat's scheduler, which forgets no tick that was missed.

    By itself it leaves out every crontab whose hour is not near, and with it those that were due while it was down.
    """

    _fixed: dict[str, FixedEntry] = {}

    def setup_schedule(self) -> None:
        """Make the fixed entries; those of the database are read when they are first asked for."""
        if self.Changes.last_change() is None:
            self.Changes.update_changed()  # the first change of all is only seen as one beside an earlier one
        entries: dict[str, dict[str, Any]] = self.app.conf.beat_schedule
        self._fixed = {name: FixedEntry(**entry, name=name, app=self.app) for name, entry in entries.items()}

    def all_as_schedule(self) -> dict[str, ScheduleEntry]:
        """Return every entry by name."""
        return super().all_as_schedule() | self._fixed

    def enabled_models(self) -> list[Any]:
        """Return every enabled row, those with a distant hour too."""
        return list(self.Model.objects.enabled())
