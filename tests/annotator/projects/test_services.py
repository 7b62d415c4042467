"""Projects, classes and members as the services keep them."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.common.errors import Conflict, DomainError, Forbidden, NotFound
from annotator.events.models import Event
from annotator.projects import services
from annotator.projects.models import RESERVED_HOTKEYS, LabelClass, Membership, Project, Role
from annotator.projects.selectors import get_project, live_classes, role_of
from tests.factories import add_member, make_project, make_user


def kinds(project: Project) -> list[str]:
    return list(Event.objects.filter(project=project).order_by("seq").values_list("kind", flat=True))


# Projects


def test_the_creator_leads_a_new_project_with_its_classes(db):
    mia = make_user()

    project = services.create_project(
        user=mia, name="Clothes", classes=[{"name": "shirt"}, {"name": " tee  shirt ", "description": "short sleeves"}]
    )

    assert role_of(mia, project) == Role.LEAD
    rows = live_classes(project.pk).values_list("index", "name", "description", "color", "hotkey")
    assert list(rows) == [(0, "shirt", "", 0, "h"), (1, "tee shirt", "short sleeves", 1, "t")]
    assert (project.target_per_class, project.refresh_every, project.blind_every) == (500, 32, 10)


@pytest.mark.parametrize(
    ("setting", "value"), [("name", ""), ("target_per_class", 0), ("reserve_share", 0.6), ("blind_every", 1)]
)
def test_a_setting_out_of_range_names_its_field_and_creates_nothing(db, setting, value):
    with pytest.raises(DomainError) as refused:
        services.create_project(user=make_user(), **({"name": "Clothes"} | {setting: value}))

    assert setting in refused.value.errors
    assert not Project.objects.exists()


def test_every_bad_class_name_is_reported_at_once(db):
    with pytest.raises(DomainError) as refused:
        services.create_project(
            user=make_user(), name="Clothes", classes=[{"name": name} for name in ("hat", "", "x" * 201, "hat", "bag")]
        )

    assert [message.split()[:2] for message in refused.value.errors["classes"]] == [
        ["Name", "2"],
        ["Name", "3"],
        ["“hat”", "is"],
    ]
    assert not Project.objects.exists()


def test_a_change_is_saved_and_told(db):
    project = make_project()

    services.update_project(project=project, actor=project.created_by, target_per_class=80, instructions="Look twice.")

    project.refresh_from_db()
    assert (project.target_per_class, project.instructions) == (80, "Look twice.")
    event = Event.objects.get()
    assert (event.kind, event.actor, event.data) == (
        "project_changed",
        project.created_by,
        {"fields": ["instructions", "target_per_class"]},
    )


def test_the_backbone_is_fixed_once_pictures_are_here(db):
    project = make_project()
    services.update_project(project=project, actor=project.created_by, backbone="resnet18")
    Project.objects.filter(pk=project.pk).update(next_position=1)

    with pytest.raises(Conflict) as refused:
        services.update_project(project=project, actor=project.created_by, backbone="resnet50")

    assert list(refused.value.errors) == ["backbone"]
    services.update_project(project=project, actor=project.created_by, backbone="resnet18", name="same")


def test_archiving_can_be_taken_back(db):
    project = make_project()

    services.update_project(project=project, actor=project.created_by, archived=True)
    assert Project.objects.get().archived_at is not None

    services.update_project(project=project, actor=project.created_by, archived=False)
    assert Project.objects.get().archived_at is None


def test_a_stale_copy_does_not_undo_what_others_changed(db):
    project = make_project()
    stale = Project.objects.get(pk=project.pk)
    services.update_project(project=project, actor=project.created_by, name="new name")

    services.update_project(project=stale, actor=project.created_by, target_per_class=80)

    assert Project.objects.get().name == "new name"


# Classes


@given(names=st.lists(st.text(min_size=1, max_size=12), min_size=2, max_size=60))
def test_hotkeys_are_letters_of_the_name_free_and_never_twice(names):
    taken: set[str] = set()
    for name in names:
        key = services.free_hotkey(name, taken)
        if key:
            assert key in name.lower()
            assert key in set(string.ascii_lowercase) - RESERVED_HOTKEYS - taken
        else:
            assert set(name.lower()) & set(string.ascii_lowercase) <= RESERVED_HOTKEYS | taken
        taken.add(key)


def test_two_hundred_classes_are_added_at_once(db):
    project = make_project(classes=())

    rows = services.create_classes(
        project=project, names=[f"kind {number}" for number in range(200)], actor=project.created_by
    )

    assert [row.index for row in rows] == list(range(200))
    assert [row.color for row in rows[:14]] == [*range(12), 0, 1]
    assert sorted(row.hotkey for row in rows if row.hotkey) == ["d", "i", "k", "n"]
    assert kinds(project) == ["classes_changed"]


def test_a_name_that_is_there_cannot_be_typed_again(db):
    project = make_project(classes=("cat",))

    with pytest.raises(DomainError) as refused:
        services.create_classes(project=project, names=["dog", " cat "], actor=project.created_by)

    assert refused.value.errors == {"names": ["“cat” exists already."]}
    assert project.classes.count() == 1


def test_an_import_finds_the_classes_that_are_there_and_adds_the_rest(db):
    project = make_project(classes=("cat",))
    cat = project.classes.get()

    first = services.add_classes(project=project, names=["dog", "cat", "dog"], actor=None)
    again = services.add_classes(project=project, names=["dog", "cat", "dog"], actor=None)

    assert [row.name for row in first] == ["dog", "cat", "dog"]
    assert first[1] == cat
    assert again == first
    assert kinds(project) == ["classes_changed"]


def test_names_that_only_look_different_are_one_class(db):
    project = make_project(classes=())

    composed, decomposed, spaced = services.add_classes(
        project=project, names=["caf\u00e9 au lait", "cafe\u0301 au lait", " caf\u00e9  au\tlait "], actor=None
    )

    assert composed == decomposed == spaced


def test_an_import_brings_an_archived_class_back(db):
    project = make_project(classes=("cat",))
    cat = project.classes.get()
    services.update_class(project=project, class_id=cat.pk, actor=project.created_by, archived=True)

    assert services.add_classes(project=project, names=["cat"], actor=None) == [cat]

    assert list(live_classes(project.pk)) == [cat]


@pytest.mark.parametrize("key", ["s", "S", "1", "ab", "é", " "])
def test_a_hotkey_is_one_letter_that_no_command_has(db, key):
    project = make_project(classes=("cat",))

    with pytest.raises(DomainError) as refused:
        services.create_class(project=project, actor=project.created_by, name="dog", hotkey=key)

    assert list(refused.value.errors) == ["hotkey"]


def test_a_hotkey_of_another_class_is_refused_by_its_name(db):
    project = services.create_project(user=make_user(), name="Pets", classes=[{"name": "cat"}, {"name": "dog"}])
    cat, dog = project.classes.order_by("index")

    with pytest.raises(DomainError) as refused:
        services.update_class(project=project, class_id=dog.pk, actor=project.created_by, hotkey="C")

    assert refused.value.errors == {"hotkey": ["“c” is the hotkey of “cat”."]}
    same = services.update_class(project=project, class_id=cat.pk, actor=project.created_by, hotkey="C")
    assert same.hotkey == "c"


def test_a_class_can_do_without_a_hotkey(db):
    project = make_project(classes=())

    (row,) = services.create_class(project=project, actor=project.created_by, name="cat", hotkey="")

    assert row.hotkey == ""


def test_an_archived_class_gives_its_hotkey_away_and_gets_another_when_it_returns(db):
    project = services.create_project(user=make_user(), name="Pets", classes=[{"name": "cat"}])
    cat, actor = project.classes.get(), project.created_by
    services.update_class(project=project, class_id=cat.pk, actor=actor, archived=True)
    (cow,) = services.create_class(project=project, actor=actor, name="cow")

    cat = services.update_class(project=project, class_id=cat.pk, actor=actor, archived=False)

    assert (cow.hotkey, cat.hotkey) == ("c", "a")
    assert cow.index == 1


def test_a_class_is_renamed_but_not_to_a_name_that_is_taken(db):
    project = make_project(classes=("cat", "dog"))
    cat = project.classes.get(name="cat")

    services.update_class(project=project, class_id=cat.pk, actor=project.created_by, name="tom cat")
    with pytest.raises(DomainError) as refused:
        services.update_class(project=project, class_id=cat.pk, actor=project.created_by, name="dog")

    assert LabelClass.objects.get(pk=cat.pk).name == "tom cat"
    assert list(refused.value.errors) == ["name"]


# Members


def test_a_member_gets_a_role_and_loses_it(db):
    project, noa = make_project(), make_user("noa")
    actor = project.created_by

    services.add_member(project=project, actor=actor, username="noa", role=Role.ANNOTATOR)
    assert role_of(noa, project) == Role.ANNOTATOR
    services.change_member(project=project, actor=actor, user_id=noa.pk, role=Role.REVIEWER)
    assert role_of(noa, project) == Role.REVIEWER
    services.remove_member(project=project, actor=actor, user_id=noa.pk)
    assert role_of(noa, project) is None
    assert kinds(project) == ["member_changed"] * 3


def test_nobody_is_added_twice_or_from_nowhere(db):
    project = make_project()
    add_member(project, Role.VIEWER, make_user("noa"))
    switched_off = make_user("gone")
    switched_off.is_active = False
    switched_off.save()

    for name in ("noa", "nobody", "gone"):
        with pytest.raises(DomainError) as refused:
            services.add_member(project=project, actor=project.created_by, username=name, role=Role.LEAD)
        assert list(refused.value.errors) == ["username"]


def test_the_last_lead_stays(db):
    project = make_project()
    lead = project.created_by
    with pytest.raises(Conflict):
        services.remove_member(project=project, actor=lead, user_id=lead.pk)
    with pytest.raises(Conflict):
        services.change_member(project=project, actor=lead, user_id=lead.pk, role=Role.REVIEWER)

    add_member(project, Role.LEAD)
    services.remove_member(project=project, actor=lead, user_id=lead.pk)

    assert Membership.objects.get(project=project).role == Role.LEAD


# Access


def test_a_project_that_one_may_not_see_is_not_there(db):
    project = make_project()

    with pytest.raises(NotFound):
        get_project(make_user(), project.pk)
    assert get_project(make_user(admin=True), project.pk, role=Role.LEAD) == project


@pytest.mark.parametrize("needed", Role)
@pytest.mark.parametrize("held", Role)
def test_a_role_includes_the_ones_before_it(db, held, needed):
    project = make_project()
    member = add_member(project, held)

    if held >= needed:
        assert get_project(member, project.pk, role=needed) == project
    else:
        with pytest.raises(Forbidden):
            get_project(member, project.pk, role=needed)
