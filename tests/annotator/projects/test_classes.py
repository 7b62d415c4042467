"""Two levels of classes: groups, which are never labels, hotkeys among brothers and sisters, guides and other names."""

from __future__ import annotations

import contextlib
import string

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from annotator.common.errors import Conflict, DomainError
from annotator.images.models import Trust
from annotator.projects import services
from annotator.projects.models import RESERVED_HOTKEYS, LabelClass, Project
from annotator.projects.selectors import group_ids, label_classes, live_classes
from tests.factories import make_image, make_project

pytestmark = pytest.mark.django_db


def add(project: Project, name: str, **fields) -> LabelClass:
    return services.create_class(project=project, actor=project.created_by, name=name, **fields)[0]


def change(row: LabelClass, **changes) -> LabelClass:
    return services.update_class(project=row.project, class_id=row.pk, actor=row.project.created_by, **changes)


def label_a_picture(row: LabelClass) -> None:
    row.project.refresh_from_db()
    make_image(row.project, label=row, trust=Trust.HUMAN)


def names(rows) -> list[str]:
    return [row.name for row in rows]


def test_a_class_with_classes_in_it_is_a_group_and_no_label():
    project = make_project(classes=())
    outerwear = add(project, "outerwear", instructions="# Worn over the rest")

    coat = add(project, "coat", parent=outerwear.pk, aliases=["overcoat", " rain  coat "])
    add(project, "hat")

    assert names(label_classes(project.pk)) == ["coat", "hat"]
    assert group_ids(project.pk) == {outerwear.pk}
    assert (coat.aliases, coat.parent) == (["overcoat", "rain coat"], outerwear)


def test_a_letter_is_taken_only_among_brothers_and_sisters():
    project = make_project(classes=())
    outerwear, hats = add(project, "outerwear", hotkey="o"), add(project, "hats", hotkey="h")
    coat = add(project, "coat", parent=outerwear.pk, hotkey="c")

    assert add(project, "cap", parent=hats.pk, hotkey="c").hotkey == "c"
    assert add(project, "clothes", hotkey="c").hotkey == "c"
    with pytest.raises(DomainError) as refused:
        add(project, "cardigan", parent=outerwear.pk, hotkey="C")

    assert refused.value.errors == {"hotkey": ["“c” is the hotkey of “coat”."]}
    assert change(coat, hotkey="c").hotkey == "c"


def test_a_class_that_moves_to_where_its_letter_is_taken_gets_a_free_one():
    project = make_project(classes=())
    hats = add(project, "hats", hotkey="h")
    add(project, "cap", parent=hats.pk, hotkey="c")
    clothes = add(project, "cloche", hotkey="c")

    assert change(clothes, parent=hats.pk).hotkey == "l"


def test_there_are_two_levels_at_most_and_no_circles():
    project = make_project(classes=("top", "middle", "bottom"))
    top, middle, bottom = live_classes(project.pk)
    change(middle, parent=top.pk)

    for row, parent in ((bottom, middle), (top, bottom), (top, top)):
        with pytest.raises(DomainError) as refused:
            change(row, parent=parent.pk)
        assert list(refused.value.errors) == ["parent"]

    change(middle, parent=None)
    assert names(label_classes(project.pk)) == ["top", "middle", "bottom"]


def test_a_class_that_pictures_have_as_their_label_cannot_become_a_group():
    project = make_project(classes=("coat", "parka"))
    coat, parka = live_classes(project.pk)
    label_a_picture(coat)

    with pytest.raises(DomainError) as refused:
        change(parka, parent=coat.pk)

    assert "Pictures are labelled “coat”" in refused.value.message


def test_another_projects_class_is_no_group():
    stranger = make_project().classes.first()
    row = make_project().classes.first()

    with pytest.raises(DomainError):
        change(row, parent=stranger.pk)
    with pytest.raises(DomainError):
        add(row.project, "bird", parent=stranger.pk)


def test_a_group_is_archived_after_what_is_in_it():
    project = make_project(classes=("outerwear", "coat"))
    outerwear, coat = live_classes(project.pk)
    change(coat, parent=outerwear.pk)

    with pytest.raises(Conflict):
        change(outerwear, archived=True)

    change(coat, archived=True)
    assert names(label_classes(project.pk)) == ["outerwear"]
    change(outerwear, archived=True)
    assert change(coat, archived=False).parent is None


def test_a_class_comes_back_at_the_top_where_its_group_has_become_a_label():
    project = make_project(classes=("outerwear", "coat"))
    outerwear, coat = live_classes(project.pk)
    change(coat, parent=outerwear.pk)
    change(coat, archived=True)
    label_a_picture(outerwear)

    assert change(coat, archived=False).parent is None


def test_other_names_are_kept_clean_and_are_not_too_many():
    row = make_project().classes.first()

    assert change(row, aliases=[" tom  cat", "", "tom cat", "puss"]).aliases == ["tom cat", "puss"]
    for aliases in ([str(number) for number in range(21)], ["x" * 201]):
        with pytest.raises(DomainError) as refused:
            change(row, aliases=aliases)
        assert list(refused.value.errors) == ["aliases"]


def test_what_a_lead_says_of_a_class_goes_over_the_api(client_for):
    project = make_project()
    client, cat = client_for(project.created_by), project.classes.get(name="cat")
    address = f"/api/projects/{project.pk}/classes"

    made = client.post(address, {"name": "pets", "instructions": "Any *tame* one.\n"}, format="json").json()[0]
    changed = client.patch(
        f"{address}/{cat.pk}", {"parent": made["id"], "aliases": ["puss"], "hotkey": "c"}, format="json"
    ).json()

    assert (changed["parent"], changed["aliases"], changed["hotkey"], changed["group"]) == (
        made["id"],
        ["puss"],
        "c",
        False,
    )
    pets = next(row for row in client.get(address).json() if row["name"] == "pets")
    assert (pets["group"], pets["instructions"]) == (True, "Any *tame* one.\n")


@pytest.mark.parametrize(
    "change",
    [
        {"parent": 10**30},
        {"parent": "x"},
        {"aliases": "cat"},
        {"aliases": [{"a": 1}]},
        {"aliases": ["a\0b"]},
        {"instructions": "x" * 20_001},
        {"instructions": "\0"},
    ],
)
def test_what_no_class_can_have_is_refused_by_name(client_for, change):
    project = make_project()
    cat = project.classes.get(name="cat")

    response = client_for(project.created_by).patch(
        f"/api/projects/{project.pk}/classes/{cat.pk}", change, format="json"
    )

    assert response.status_code == 400
    assert next(iter(response.json()["errors"])).startswith(next(iter(change)))


class ClassTree(RuleBasedStateMachine):
    """Whatever leads do to the classes of a project, in whatever order."""

    def __init__(self) -> None:
        super().__init__()
        self.project = make_project(classes=("aa", "ab", "ba"))
        self.made = 0

    def _some(self, number: int) -> LabelClass:
        rows = list(self.project.classes.order_by("pk"))
        return rows[number % len(rows)]

    def _try(self, row: LabelClass, **changes) -> None:
        with contextlib.suppress(DomainError):
            change(row, **changes)

    @rule(name=st.text("abc", min_size=1, max_size=3), group=st.none() | st.integers(0, 9))
    def is_added(self, name: str, group: int | None) -> None:
        self.made += 1
        with contextlib.suppress(DomainError):
            add(self.project, f"{name}{self.made}", parent=None if group is None else self._some(group).pk)

    @rule(which=st.integers(0, 9), group=st.none() | st.integers(0, 9))
    def moves(self, which: int, group: int | None) -> None:
        self._try(self._some(which), parent=None if group is None else self._some(group).pk)

    @rule(which=st.integers(0, 9), key=st.sampled_from(["", *string.ascii_lowercase[:5]]))
    def gets_a_letter(self, which: int, key: str) -> None:
        self._try(self._some(which), hotkey=key)

    @rule(which=st.integers(0, 9), archived=st.booleans())
    def goes_or_comes_back(self, which: int, archived: bool) -> None:
        self._try(self._some(which), archived=archived)

    @rule(which=st.integers(0, 9))
    def becomes_a_label(self, which: int) -> None:
        usable = list(label_classes(self.project.pk))
        if usable:
            label_a_picture(usable[which % len(usable)])

    @invariant()
    def there_are_two_levels_at_most(self) -> None:
        assert not LabelClass.objects.filter(project=self.project, parent__parent__isnull=False).exists()

    @invariant()
    def what_is_in_use_lies_in_what_is_in_use(self) -> None:
        assert not live_classes(self.project.pk).filter(parent__archived_at__isnull=False).exists()

    @invariant()
    def letters_are_unique_among_brothers_and_sisters(self) -> None:
        keys = list(live_classes(self.project.pk).exclude(hotkey="").values_list("parent", "hotkey"))
        assert len(keys) == len(set(keys))
        assert {key for _, key in keys}.isdisjoint(RESERVED_HOTKEYS)

    @invariant()
    def no_group_is_a_label(self) -> None:
        assert not self.project.images.filter(label__in=group_ids(self.project.pk)).exists()


class TestClassTree(TestCase, ClassTree.TestCase):
    settings = settings(max_examples=15, stateful_step_count=15, suppress_health_check=list(HealthCheck), deadline=None)
