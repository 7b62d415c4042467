"""What docs/webhooks.md tells receivers is true."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from annotator.common.secrets import signature
from annotator.events.models import WEBHOOK_KINDS
from annotator.events.services import deliveries

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")


@pytest.fixture
def is_genuine():
    """The check as the page gives it."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, object] = {}
    exec(code, names)
    return names["is_genuine"]


def test_the_check_takes_what_the_product_signs_and_nothing_else(is_genuine):
    now = int(time.time())
    signed = signature("whsec_a", b'{"id":1}', now)

    assert is_genuine(b'{"id":1}', signed, "whsec_a")
    assert not is_genuine(b'{"id":2}', signed, "whsec_a")
    assert not is_genuine(b'{"id":1}', signed, "whsec_b")
    assert not is_genuine(b'{"id":1}', signed.replace(f"t={now}", f"t={now + 1}"), "whsec_a")


def test_the_check_refuses_what_is_old(is_genuine):
    signed = signature("whsec_a", b"{}", 1_000_000)

    assert is_genuine(b"{}", signed, "whsec_a", now=1_000_299)
    assert not is_genuine(b"{}", signed, "whsec_a", now=1_000_300)


def test_the_table_lists_every_kind():
    rows = PAGE.split("## Kinds")[1]

    assert tuple(re.findall(r"`(\w+)`", rows)) == WEBHOOK_KINDS


def test_the_times_are_those_of_the_product():
    assert deliveries.BACK_OFF == (10, 60, 300, 1800, 7200, 21600)
    assert "10 seconds, 1 minute, 5 minutes, 30 minutes, 2 hours and 6 hours" in PAGE
    assert deliveries.DISABLED_AFTER.days == 3
    assert "failed for 3 days" in PAGE
    assert deliveries.KEPT.days == 30
    assert "for 30 days" in PAGE
