"""The numbers of a project: counts, balance, progress, live updates."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotator.events.services import record_event
from annotator.images.models import Holdout, Image, ImportBatch, Trust
from annotator.insights.selectors import numbers as selectors
from annotator.jobs.models import JobKind
from annotator.jobs.services import enqueue
from annotator.labeling.models import SelectionRound, Task
from annotator.projects.models import LabelClass, Project, Role
from tests.annotator.insights.heads import publish_head
from tests.factories import add_member, make_image, make_project, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project(target_per_class=3)


def label(project: Project, name: str, times: int = 1, **fields) -> None:
    for _ in range(times):
        make_image(project, label=project.classes.get(name=name), trust=Trust.HUMAN, **fields)


def counts(project: Project) -> dict[str, int]:
    return selectors.counts([project])[project.pk]


# Counts


def test_each_picture_is_counted_where_it_belongs(project):
    exam = Holdout.objects.create(project=project, name="exam")
    label(project, "cat", 2)
    label(project, "dog", reserve=True)
    make_image(project)
    make_image(project, reserve=True)
    make_image(project, holdout=exam)
    make_image(project, archived_at=timezone.now())
    ImportBatch.objects.create(project=project, name="a", rejected=2)
    ImportBatch.objects.create(project=project, name="b", rejected=3)
    add_member(project, Role.VIEWER)

    assert counts(project) == {
        "images": 6,
        "labelled": 3,
        "pool": 1,
        "reserve": 2,
        "reserve_answered": 1,
        "holdout": 1,
        "suggested": 0,
        "skipped": 0,
        "rejected": 5,
        "classes": 2,
        "members": 2,
    }


def test_projects_do_not_mix(project):
    label(project, "cat", 3)
    other = make_project(classes=("pear",))
    label(other, "pear")

    both = selectors.counts([project, other])

    assert (both[project.pk]["labelled"], both[other.pk]["labelled"]) == (3, 1)
    assert (both[project.pk]["classes"], both[other.pk]["classes"]) == (2, 1)


def test_an_archived_class_is_not_counted(project):
    project.classes.filter(name="dog").update(archived_at=timezone.now())

    assert counts(project)["classes"] == 1


picture = st.fixed_dictionaries(
    {
        "label": st.sampled_from(["cat", "dog", None]),
        "trust": st.sampled_from([Trust.NONE, Trust.NONE, Trust.IMPORTED, Trust.HUMAN]),
        "guess": st.sampled_from(["cat", "dog", None]),
        "reserve": st.booleans(),
        "holdout": st.booleans(),
        "archived": st.booleans(),
    }
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pictures=st.lists(picture, max_size=12), scored=st.integers(0, 12))
def test_counts_and_balance_agree_with_a_recount_picture_by_picture(pictures, scored):
    project = make_project()
    classes: dict[str | None, LabelClass | None] = {row.name: row for row in project.classes.all()} | {None: None}
    exam = Holdout.objects.create(project=project, name="exam")
    for one in pictures:
        trusted = one["label"] is not None and one["trust"] > Trust.NONE
        one |= {"trusted": trusted}
        make_image(
            project,
            label=classes[one["label"]] if trusted else None,
            trust=one["trust"] if trusted else Trust.NONE,
            reserve=one["reserve"],
            holdout=exam if one["holdout"] else None,
            archived_at=timezone.now() if one["archived"] else None,
        )
    publish_head(project, [classes[one["guess"]] for one in pictures[:scored]])

    there = [one for one in pictures if not one["archived"] and not one["holdout"]]
    labelled = Counter(one["label"] for one in there if one["trusted"])
    waiting = [one for one in pictures[:scored] if one in there and not one["trusted"] and not one["reserve"]]
    guessed = Counter(one["guess"] for one in waiting if one["guess"])
    found = counts(project)
    assert found["labelled"] == labelled.total()
    assert found["suggested"] == guessed.total()
    assert found["pool"] == sum(not one["trusted"] and not one["reserve"] for one in there)
    assert {row["name"]: (row["labelled"], row["suggested"]) for row in selectors.balance(project)["classes"]} == {
        name: (labelled[name], guessed[name]) for name in ("cat", "dog")
    }


# Balance


def test_balance_tells_shares_gaps_and_the_spread(project):
    label(project, "cat", 4)
    label(project, "dog", 1)
    for _ in range(2):
        make_image(project)
    dog = project.classes.get(name="dog")
    publish_head(project, [None] * 5 + [dog, None])

    found = selectors.balance(project)

    cat_row, dog_row = found["classes"]
    assert cat_row["name"] == "cat"
    assert [cat_row[key] for key in ("labelled", "suggested", "total", "share", "gap")] == [4, 0, 4, 0.8, 0]
    assert [dog_row[key] for key in ("labelled", "suggested", "total", "share", "gap")] == [1, 1, 2, 0.2, 2]
    assert found["imbalance_ratio"] == 4
    entropy = -(0.8 * math.log(0.8) + 0.2 * math.log(0.2))
    assert found["effective_classes"] == pytest.approx(math.exp(entropy))
    assert found["entropy"] == pytest.approx(entropy / math.log(2))
    assert (found["labelled"], found["suggested"], found["target"]) == (5, 1, 3)


def test_equal_classes_are_perfectly_balanced(project):
    label(project, "cat", 2)
    label(project, "dog", 2)

    found = selectors.balance(project)

    assert found["imbalance_ratio"] == 1
    assert found["effective_classes"] == pytest.approx(2)
    assert found["entropy"] == pytest.approx(1)


def test_nothing_labelled_has_no_spread(project):
    found = selectors.balance(project)

    assert [found[key] for key in ("imbalance_ratio", "effective_classes", "entropy")] == [None] * 3
    assert [row["gap"] for row in found["classes"]] == [3, 3]


def test_a_class_without_labels_does_not_make_the_ratio_infinite(project):
    label(project, "cat", 2)

    found = selectors.balance(project)

    assert found["imbalance_ratio"] == 1
    assert found["effective_classes"] == 1
    assert found["entropy"] == 0


def test_an_archived_class_is_listed_while_pictures_have_it(project):
    label(project, "dog")
    project.classes.update(archived_at=timezone.now())

    assert [row["name"] for row in selectors.balance(project)["classes"]] == ["dog"]


# Heads, progress, thumbs


def test_a_head_states_its_accuracy_with_test_size_and_interval(project):
    publish_head(project, [], test=(45, 50))

    head = selectors.active_heads([project.pk])[project.pk]

    assert (head["name"], head["test_size"], head["accuracy"]) == ("v1.1", 50, 0.9)
    assert head["low"] == pytest.approx(0.7864, abs=1e-4)
    assert head["high"] == pytest.approx(0.9565, abs=1e-4)


def test_without_a_test_set_a_head_has_no_accuracy(project):
    publish_head(project, [])

    head = selectors.active_heads([project.pk])[project.pk]

    assert (head["accuracy"], head["low"], head["high"]) == (None, None, None)


def test_the_history_runs_from_the_oldest_head_to_the_one_in_use(project):
    for correct in (5, 7, 9):
        publish_head(project, [], test=(correct, 10))

    history = selectors.head_history(project)

    assert [(head["name"], head["accuracy"]) for head in history] == [("v1.1", 0.5), ("v1.2", 0.7), ("v1.3", 0.9)]
    assert selectors.active_heads([project.pk])[project.pk] == history[-1]


def test_the_stage_follows_what_has_happened(project):
    def stage() -> str:
        return selectors.overview(project, project.created_by)["stage"]

    assert stage() == "empty"
    job = enqueue(kind=JobKind.IMPORT, project=project)
    assert stage() == "importing"
    make_image(project)
    assert stage() == "importing"
    job.delete()
    assert stage() == "embedding"
    publish_head(project, [None])
    assert stage() == "ready"
    enqueue(kind=JobKind.IMPORT, project=project)
    assert stage() == "ready"


def test_the_round_in_progress_counts_its_tasks(project):
    old = SelectionRound.objects.create(project=project, number=1, strategy="random", state="superseded")
    now = SelectionRound.objects.create(project=project, number=2, strategy="random", size=3)
    for round_, state in [(old, "open"), (now, "open"), (now, "leased"), (now, "done")]:
        Task.objects.create(project=project, image=make_image(project), round=round_, state=state)

    assert selectors.overview(project, project.created_by)["round"] == {
        "number": 2,
        "strategy": "random",
        "size": 3,
        "open": 2,
        "done": 1,
    }


def test_thumbs_are_spread_over_the_pictures_there_are(project):
    shas = [make_image(project).sha256 for _ in range(10)]
    Image.objects.filter(position=0).update(archived_at=timezone.now())
    empty = make_project()

    found = selectors.thumbs([project, empty])

    assert found[project.pk] == [f"/api/projects/{project.pk}/blobs/{shas[n]}/thumb" for n in (1, 3, 6, 9)]
    assert found[empty.pk] == []


# Live updates


def test_a_pulse_tells_what_happened_since_the_last(project):
    start = selectors.pulse(project, None)
    assert (start["seq"], start["events"], start["truncated"]) == (0, [], False)
    record_event(project_id=project.pk, kind="labelled", count=1)
    record_event(project_id=project.pk, kind="refreshed", head="v1.1")
    job = enqueue(kind=JobKind.EMBED, project=project)
    project.refresh_from_db()

    first = selectors.pulse(project, start["seq"])
    second = selectors.pulse(project, first["seq"])

    assert [event.kind for event in first["events"]] == ["labelled", "refreshed"]
    assert first["jobs"] == [job]
    assert (second["seq"], second["events"]) == (first["seq"], [])


def test_a_reader_who_was_away_long_gets_the_newest_and_is_told_to_read_again(project):
    for number in range(selectors.PULSE_EVENTS + 5):
        record_event(project_id=project.pk, kind="labelled", number=number)
    project.refresh_from_db()

    found = selectors.pulse(project, 0)

    assert found["truncated"] is True
    assert [event.data["number"] for event in found["events"]] == list(range(5, selectors.PULSE_EVENTS + 5))
    assert found["seq"] == found["events"][-1].seq


def test_a_number_from_before_a_restored_backup_starts_over(project):
    record_event(project_id=project.pk, kind="labelled")
    project.refresh_from_db()

    found = selectors.pulse(project, 1000)

    assert (found["seq"], found["events"], found["truncated"]) == (1, [], True)


# Cost


@pytest.mark.parametrize("read", ["counts", "thumbs", "balance", "overview"])
def test_ten_times_the_pictures_cost_no_further_query(project, django_assert_max_num_queries, read):
    lead = project.created_by
    reads = {
        "counts": lambda: selectors.counts([project]),
        "thumbs": lambda: selectors.thumbs([project]),
        "balance": lambda: selectors.balance(project),
        "overview": lambda: selectors.overview(project, lead),
    }
    label(project, "cat", 3)
    with django_assert_max_num_queries(40) as few:
        reads[read]()
    label(project, "dog", 30)

    with django_assert_max_num_queries(len(few)):
        reads[read]()


def test_a_pulse_is_three_queries(project, django_assert_max_num_queries):
    record_event(project_id=project.pk, kind="labelled", actor=make_user())
    project.refresh_from_db()

    with django_assert_max_num_queries(3):
        selectors.pulse(project, 0)


def test_a_million_pictures_are_counted_from_arrays(project, monkeypatch):
    n = 1_000_000
    rng = np.random.default_rng(0)
    none = np.zeros(n, bool)
    trust = rng.integers(0, 2, n).astype(np.int8)
    cat = project.classes.get(name="cat").pk
    state = selectors.Columns(
        image_id=np.arange(1, n + 1),
        label=np.where(trust > 0, cat, 0),
        batch=np.zeros(n, np.int64),
        group=np.arange(n),
        trust=trust,
        reserve=none,
        holdout=none,
        archived=none,
        present=~none,
        seq=1,
    )
    monkeypatch.setattr(selectors, "columns", lambda _: state)

    found = selectors.balance(project)

    assert found["labelled"] == int(trust.sum())
