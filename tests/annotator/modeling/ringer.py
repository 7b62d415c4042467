"""A process that answers what is due at each of some moments: `python -m tests.annotator.modeling.ringer TIME …`.

It prints the keys of the ticks that it has answered.
"""

import sys
from datetime import datetime

import django

django.setup()

from annotator.modeling.models import Schedule  # noqa: E402 - Django must be set up before its models are imported
from annotator.modeling.services import fire_schedule  # noqa: E402 - as above


def main(moments: list[datetime]) -> None:
    """Ring every schedule at every moment, so that several ringers meet at each."""
    for now in moments:
        for schedule_id in Schedule.objects.order_by("pk").values_list("pk", flat=True):
            firing = fire_schedule(schedule_id=schedule_id, now=now)
            if firing is not None:
                print(firing.key)


if __name__ == "__main__":
    main([datetime.fromisoformat(text) for text in sys.argv[1:]])
