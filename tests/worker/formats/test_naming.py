"""Names inside an export are safe, unique, and depend on the picture alone."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath

from hypothesis import given
from hypothesis import strategies as st

from worker.formats.folder import is_ignored
from worker.formats.naming import class_folders, picture_name, safe_name


def test_a_picture_keeps_its_name_and_gets_its_position():
    assert picture_name("holiday/Rex at sea.jpeg", 12, "JPEG") == "Rex at sea_12.jpg"
    assert picture_name("", 3, "PNG") == "picture_3.png"


def test_what_systems_mind_is_replaced():
    assert safe_name("../../etc/passwd") == "_.._etc_passwd"
    assert safe_name("con") == "_con"
    assert safe_name("Con.txt") == "_Con.txt"
    assert safe_name("-rf") == "_-rf"
    assert safe_name('a:b*c?"<>|d') == "a_b_c_d"
    assert safe_name("") == safe_name("...") == "_"
    assert safe_name("Käse 猫") == "Käse 猫"


@given(st.text())
def test_any_text_becomes_one_plain_component_that_an_import_takes(text):
    name = safe_name(text)

    assert PurePosixPath(name).parts == PureWindowsPath(name).parts == (name,)
    assert not is_ignored(name)
    assert not name.endswith((".", " "))
    assert len(name.encode()) <= 255 - len("_18446744073709551615.jpeg")


@given(
    st.lists(
        st.sampled_from(["cat", "Cat", "CAT", "a/b", "a_b", "a:b", "con", "_con", "ß", "SS", "cat_2"]), unique=True
    )
)
def test_folders_of_classes_differ_also_where_case_does_not_count(names):
    folders = class_folders(names)

    assert list(folders) == names
    assert len({folder.casefold() for folder in folders.values()}) == len(names)


@given(st.text(max_size=30), st.text(max_size=30), st.integers(0, 10**6), st.integers(0, 10**6))
def test_pictures_at_different_positions_never_share_a_name(one, other, first, second):
    names = {picture_name(one, first, "JPEG").casefold(), picture_name(other, second, "JPEG").casefold()}

    assert len(names) == 2 or first == second
