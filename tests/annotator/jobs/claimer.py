"""A process that claims every job of a list and prints those it got: `python -m tests.annotator.jobs.claimer NAME`."""

import sys

import django

django.setup()

from annotator.jobs import services  # noqa: E402 - Django must be set up before its models are imported
from annotator.jobs.models import Job  # noqa: E402


def main(name: str) -> None:
    """Claim in the order of ids, so that several claimers meet at each job."""
    for job_id in list(Job.objects.order_by("pk").values_list("pk", flat=True)):
        if services.claim(job_id=job_id, worker=name) is not None:
            print(job_id)


if __name__ == "__main__":
    main(sys.argv[1])
