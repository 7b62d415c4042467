"""`annotator measure`: how many images a second each backbone embeds on this machine."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from worker.ml import rates
from worker.ml.backbones import PRESETS, check_name, weights_at_hand


class Command(BaseCommand):
    """Measures some backbones here and now, or prints what is known of all."""

    help = (
        "Measure how many images a second backbones embed on this machine, files and decoding aside. The workers that "
        "start afterwards show it in the settings of every project."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Describe the options."""
        parser.add_argument("backbone", nargs="*", help="timm names; none: all that the product offers")
        parser.add_argument("--known", action="store_true", help="only print what was measured before")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Measure one after the other and print a line for each."""
        names = options["backbone"] or list(PRESETS)
        for name in names:
            try:
                check_name(name)
            except ValueError as error:
                raise CommandError(f"{error}.") from error
        at_hand, known = set(weights_at_hand(settings.WEIGHTS_DIR)), rates.measured(settings.RATES_DIR)
        rows = []
        for name in names:
            rate = known.get(name) if options["known"] else rates.note(settings.RATES_DIR, name, rates.measure(name))
            rows.append(_row(name, rate, name in at_hand))
            if not options["json"]:
                self.stdout.write(_line(rows[-1]))
                self.stdout.flush()
        if options["json"]:
            self.stdout.write(json.dumps(rows, indent=2))


def _row(name: str, rate: rates.Rate | None, at_hand: bool) -> dict[str, Any]:
    preset = PRESETS.get(name)
    return {
        "name": name,
        "family": preset.family if preset else "",
        "params_m": preset.params_m if preset else None,
        "input_px": preset.input_px if preset else None,
        "hardware": preset.hardware if preset else "",
        "weights_at_hand": at_hand,
        "images_per_second": rate.images_per_second if rate else None,
    }


def _line(row: dict[str, Any]) -> str:
    rate = "not measured" if row["images_per_second"] is None else f"{row['images_per_second']:.1f} images/s"
    size = f"{row['params_m']} M, {row['input_px']} px" if row["params_m"] else ""
    return f"{row['name']:<32} {size:<16} {rate:>16}  {'weights at hand' if row['weights_at_hand'] else ''}".rstrip()
