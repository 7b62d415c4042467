"""What a project can be given: backbones and strategies, as the workers publish them."""

from __future__ import annotations

import pytest
from django.utils import timezone

from annotator.insights.selectors import numbers as selectors
from annotator.insights.selectors.backbones import BACKBONE
from annotator.jobs.models import WorkerNode

pytestmark = pytest.mark.django_db


def test_the_default_backbone_and_strategies_are_there_before_any_worker(db):
    found = selectors.presets()

    assert [row["name"] for row in found["backbones"]] == ["tf_efficientnet_lite0"]
    assert [row["name"] for row in found["strategies"]] == ["auto", "random"]


def worker(name, *presets, seen=True, device="CPU", queue="gpu"):
    return WorkerNode.objects.create(
        name=name,
        queue=queue,
        device={"name": device},
        presets=list(presets),
        strategies=[{"name": "margin", "title": "Margin", "when": "later"}],
        seen_at=timezone.now() if seen else None,
    )


def preset(name, *, available=True, rate=None):
    return BACKBONE | {"name": name, "title": name.upper(), "available": available, "images_per_second": rate}


def test_workers_add_what_they_have(db):
    worker("gpu@one", preset("tf_efficientnet_lite0", rate=112.0), preset("vit", available=False))

    found = selectors.presets()

    lite, vit = found["backbones"]
    assert (lite["title"], lite["rates"]) == ("TF_EFFICIENTNET_LITE0", [{"device": "CPU", "images_per_second": 112.0}])
    assert (vit["name"], vit["available"], vit["rates"]) == ("vit", False, [])
    assert [row["name"] for row in found["strategies"]] == ["auto", "random", "margin"]


def test_each_machine_tells_its_own_rate_the_fastest_first(db):
    worker("gpu@one", preset("vit", rate=20.0))
    worker("gpu@two", preset("vit", rate=900.0), device="H100")
    worker("gpu@three", preset("vit", rate=880.0), device="H100")
    worker("interactive@one", preset("vit", rate=5.0), queue="interactive", device="other")

    vit = selectors.presets()["backbones"][1]

    assert [(each["device"], each["images_per_second"]) for each in vit["rates"]] == [("H100", 900.0), ("CPU", 20.0)]


def test_weights_are_at_hand_if_no_living_worker_lacks_them(db):
    worker("gpu@away", preset("vit", available=False), seen=False)
    worker("gpu@b", preset("vit"), preset("resnet", available=False))
    worker("gpu@c", preset("vit"), preset("resnet"))

    found = {row["name"]: row["available"] for row in selectors.presets()["backbones"]}

    assert found == {"tf_efficientnet_lite0": True, "vit": True, "resnet": False}
