"""The dataset card: the balance in words and as a drawing, and nothing that a name could break."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from worker.formats.card import Card, ClassCount

SVG = "{http://www.w3.org/2000/svg}"


def test_the_balance_is_a_table_and_the_provenance_too():
    card = Card(
        title="Pets",
        classes=[ClassCount("cat", "cat", (70, 10, 20)), ClassCount("a/b", "a_b", (7, 1, 2))],
        facts=[("snapshot", "3, May")],
        notes=["2 duplicate groups were kept together in one split."],
        contents=[("manifest.csv", "a row for each picture")],
    )

    text = card.markdown()

    assert text.startswith('---\npretty_name: "Pets"\ntask_categories:\n- image-classification\n---\n')
    assert "110 pictures in 2 classes." in text
    assert "| class | folder | train | validation | test | total |" in text
    assert "| a/b | `a_b` | 7 | 1 | 2 | 10 |" in text
    assert "| **all** |  | 77 | 11 | 22 | 110 |" in text
    assert "| snapshot | 3, May |" in text
    assert "- 2 duplicate groups were kept together in one split." in text


def test_bars_are_as_long_as_the_counts():
    card = Card("Pets", [ClassCount("cat", "cat", (60, 0, 20)), ClassCount("dog", "dog", (30, 10, 0))], [])

    drawing = ElementTree.fromstring(card.svg())

    bars = [float(bar.get("width")) for bar in drawing.iter(f"{SVG}rect") if bar.get("height") == "16"]
    full = sum(bars[:3])
    assert [round(width / full * 80) for width in bars] == [60, 0, 20, 30, 10, 0]
    assert [text.text for text in drawing.iter(f"{SVG}text")][-4:] == ["cat", "80", "dog", "40"]


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_name_breaks_the_table_or_the_drawing(title, name):
    card = Card(title, [ClassCount(name, "x", (1, 0, 0))], [(name, name)], [name])

    rows = [line for line in card.markdown().splitlines() if line.startswith("|") and "| `x` |" in line]
    assert len(rows) == 1
    assert rows[0].replace("\\|", "").count("|") == 7
    assert "<" not in rows[0]
    ElementTree.fromstring(card.svg())


def test_a_card_of_nothing_can_be_drawn():
    ElementTree.fromstring(Card("Pets", [], []).svg())
