"""What the supervisor checks before it starts anything, and the programs it starts."""

from __future__ import annotations

import fcntl
import os
import socket
from pathlib import Path

import pytest
from django.core.management import CommandError

from annotator import celery
from annotator.celery import embedded_socket
from worker.management import supervisor
from worker.management.supervisor import Supervisor


@pytest.fixture
def place(settings, tmp_path) -> Path:
    """A data directory of the test's own."""
    settings.DATA_DIR = tmp_path / "data"
    settings.STATIC_ROOT = tmp_path / "data" / "static"
    return tmp_path / "data"


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def opened(place, lines, monkeypatch):
    """A supervisor that has taken its directory and port."""
    monkeypatch.setattr(Supervisor, "_migrate", lambda self, may_migrate: None)
    found = Supervisor(port=0, say=lines.append)
    found.open()
    yield found
    found.close()


def test_it_takes_the_data_directory_and_a_free_port(opened, place):
    assert opened.port > 0
    assert opened.url == f"http://127.0.0.1:{opened.port}"
    assert (place / "up.lock").read_text() == str(os.getpid())


def test_a_data_directory_in_use_is_refused_by_name_and_process(opened, place):
    with pytest.raises(CommandError) as refused:
        Supervisor(port=0).open()
    assert str(place) in str(refused.value)
    assert f"process {os.getpid()}" in str(refused.value)
    assert "ANNOTATOR_DATA_DIR" in str(refused.value)


def test_a_directory_that_was_given_back_can_be_taken_again(opened, place):
    opened.close()
    with (place / "up.lock").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_directory_that_cannot_be_written_is_refused(settings, place):
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("a file is in the way")
    with pytest.raises(CommandError, match="cannot be used"):
        Supervisor(port=0).open()


def test_a_taken_port_is_refused_with_who_holds_it_and_the_directory_is_given_back(place, monkeypatch):
    monkeypatch.setattr(Supervisor, "_migrate", lambda self, may_migrate: None)
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(CommandError) as refused:
            Supervisor(port=port).open()
    assert f"Port {port}" in str(refused.value)
    assert f"process {os.getpid()}" in str(refused.value)
    assert "--port" in str(refused.value)
    again = Supervisor(port=port)
    again.open()
    again.close()


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://localhost:8000"),
        ("::1", "http://[::1]:8000"),
    ],
)
def test_the_address_shown_can_be_opened_in_a_browser(host, url):
    assert Supervisor(host=host).url == url


class TestMigrations:
    @pytest.mark.django_db
    def test_a_database_of_this_version_is_left_alone(self, place):
        Supervisor()._migrate(lambda pending: pytest.fail("nothing is pending"))

    @pytest.mark.django_db
    def test_one_in_use_is_changed_only_if_allowed(self, place, monkeypatch):
        monkeypatch.setattr(supervisor.MigrationExecutor, "migration_plan", lambda self, targets: ["pending"])
        asked: list[int] = []
        with pytest.raises(CommandError, match="left as it is"):
            Supervisor()._migrate(asked.append)
        assert asked == [1]


class TestPrograms:
    def test_the_embedded_broker_listens_on_a_socket_of_the_data_directory(self, tmp_path):
        command = supervisor.broker(tmp_path).command
        assert str(tmp_path / "valkey.sock") in command
        assert command[command.index("--port") + 1] == "0"

    def test_a_path_too_long_for_a_socket_gets_a_short_one_that_every_process_finds(self, tmp_path):
        deep = tmp_path / ("deep" * 40)
        path = embedded_socket(deep)
        assert len(os.fsencode(path)) <= celery.SOCKET_PATH_BYTES
        assert path == embedded_socket(deep)
        assert path != embedded_socket(tmp_path / ("deep" * 41))
        supervisor.broker(deep)
        assert path.parent.stat().st_mode & 0o777 == 0o700
        path.parent.rmdir()

    def test_labelling_has_the_right_of_way(self):
        assert {queue: supervisor.worker(queue).niceness for queue in celery.QUEUES} == {
            "interactive": 0,
            "cpu": 10,
            "gpu": 10,
        }

    def test_threads_that_wait_leave_the_processor_to_others(self, monkeypatch):
        monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
        assert {supervisor.worker(queue).environment["OMP_WAIT_POLICY"] for queue in celery.QUEUES} == {"PASSIVE"}
        monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
        assert supervisor.worker("gpu").environment["OMP_WAIT_POLICY"] == "ACTIVE", (
            "a host for training alone may differ"
        )

    def test_a_web_that_listens_beyond_this_host_answers_to_its_names(self, monkeypatch):
        monkeypatch.delenv("ANNOTATOR_ALLOWED_HOSTS", raising=False)
        assert "ANNOTATOR_ALLOWED_HOSTS" not in supervisor.web("127.0.0.1", 8000, 2).environment
        assert "192.0.2.7" in supervisor.web("192.0.2.7", 8000, 2).environment["ANNOTATOR_ALLOWED_HOSTS"].split(",")
        assert "localhost" in supervisor.web("0.0.0.0", 8000, 2).environment["ANNOTATOR_ALLOWED_HOSTS"].split(",")
        monkeypatch.setenv("ANNOTATOR_ALLOWED_HOSTS", "labels.example.org")
        assert "ANNOTATOR_ALLOWED_HOSTS" not in supervisor.web("0.0.0.0", 8000, 2).environment
