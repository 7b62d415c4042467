"""docker-compose.yml and the Dockerfile agree with the settings, the README and the commands that exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from annotator.celery import QUEUES
from tests.docs.test_readme import ROOT, table
from worker.management.commands.run import PARTS

FILES = ("docker-compose.yml", "docker-compose.gpu.yml")
PRODUCT = ("migrate", *PARTS)
# Set by the image; never in production; and what commands read that talk to a server from elsewhere.
NOT_FOR_SERVERS = {"ANNOTATOR_DATA_DIR", "ANNOTATOR_DEBUG", "ANNOTATOR_TOKEN", "ANNOTATOR_PASSWORD"}
OF_THE_BUCKET = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"}
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|KEY")


def parsed(name: str = FILES[0]) -> dict[str, Any]:
    """Return a compose file, with its shared parts merged in."""
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


@pytest.fixture
def services() -> dict[str, Any]:
    return parsed()["services"]


def test_every_part_of_the_product_is_there_with_postgresql_and_redis(services):
    assert set(services) == {"database", "broker", *PRODUCT}
    assert services["database"]["image"].startswith("postgres:")
    assert services["broker"]["image"].startswith("redis:")


@pytest.mark.parametrize("part", PARTS)
def test_a_part_runs_as_the_command_that_annotator_up_would_start(services, part):
    assert services[part]["command"][:3] == ["annotator", "run", part]
    assert services[part]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_only_the_web_listens_and_its_health_is_asked_for(services):
    assert [name for name, service in services.items() if "ports" in service] == ["web"]
    assert "0.0.0.0" in services["web"]["command"]
    assert "/healthz" in " ".join(services["web"]["healthcheck"]["test"])


@pytest.mark.parametrize("part", PRODUCT)
def test_a_part_gets_every_setting_that_the_readme_lists_and_no_other(services, part):
    given = set(services[part]["environment"])

    assert given == set(table()) - NOT_FOR_SERVERS | OF_THE_BUCKET


@pytest.mark.parametrize("part", PRODUCT)
def test_what_is_not_set_keeps_the_default_of_the_settings(services, part):
    """An empty text is not the same as nothing: it would be read as a number."""
    ours = {"DATABASE_URL", "REDIS_URL", "ANNOTATOR_SECRET_KEY", "ANNOTATOR_ALLOWED_HOSTS"}

    assert {name for name, value in services[part]["environment"].items() if value is not None} == ours


def test_addresses_lead_to_the_services_beside(services):
    given = services["web"]["environment"]

    assert re.fullmatch(r"postgres://annotator:\$\{.*\}@database/annotator", given["DATABASE_URL"])
    assert given["REDIS_URL"].startswith("redis://broker:")
    assert services["database"]["environment"]["POSTGRES_USER"] == "annotator"
    assert services["database"]["environment"]["POSTGRES_DB"] == "annotator"


@pytest.mark.parametrize("file", FILES)
def test_secrets_come_from_the_environment_alone_and_must_be_given(file):
    for service in parsed(file)["services"].values():
        for name, value in service.get("environment", {}).items():
            if SECRET.search(name):
                assert value is None or re.fullmatch(r"\$\{\w+:\?.+\}", value), f"{name} has a value of its own"
    text = (ROOT / file).read_text(encoding="utf-8")
    assert re.findall(r"\$\{\w*(?:PASSWORD|SECRET)\w*(?!:\?)[:}-][^?]", text) == []


def test_all_parts_share_one_image_and_the_data_and_nothing_debugs(services):
    assert {services[part]["image"] for part in PRODUCT} == {"annotator"}
    assert all(services[part]["volumes"] == ["data:/data"] for part in PRODUCT)
    assert set(parsed()["volumes"]) == {"database", "data"}
    assert "DEBUG" not in "".join((ROOT / file).read_text(encoding="utf-8") for file in (*FILES, "Dockerfile"))


def test_a_gpu_is_for_the_gpu_worker_alone():
    services = parsed("docker-compose.gpu.yml")["services"]

    assert set(services) == {"gpu"} <= set(QUEUES)
    (device,) = services["gpu"]["deploy"]["resources"]["reservations"]["devices"]
    assert device["capabilities"] == ["gpu"]
    assert services["gpu"]["build"]["args"] == {"EXTRA": "gpu"}


class TestImage:
    """What the Dockerfile puts into the image."""

    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")

    def test_it_has_the_tools_that_backups_of_this_postgresql_need(self, services):
        versions = {"bookworm": "15"}  # what Debian's package postgresql-client brings
        (debian,) = re.findall(r"^FROM python:\S+-slim-(\w+)$", self.text, re.MULTILINE)

        assert "postgresql-client" in self.text
        assert services["database"]["image"] == f"postgres:{versions[debian]}"

    def test_it_keeps_its_data_on_the_volume_and_does_not_run_as_root(self):
        assert "ENV ANNOTATOR_DATA_DIR=/data" in self.text
        assert "VOLUME /data" in self.text
        assert re.search(r"^USER annotator$", self.text, re.MULTILINE)

    def test_what_it_copies_is_there(self):
        sources = [
            word for line in re.findall(r"^COPY (?!--)(.+)$", self.text, re.MULTILINE) for word in line.split()[:-1]
        ]
        assert sources
        assert all((ROOT / source).exists() for source in sources)
        assert not (set(sources) & set(_ignored())), ".dockerignore keeps it away"


def _ignored() -> list[str]:
    return Path(ROOT / ".dockerignore").read_text(encoding="utf-8").split()
