"""The graph of neighbours against brute force: whole or bit by bit, on clusters, copies and unreadable pictures."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.ml.index import Graph, K, build, extend, extends, make_index
from worker.ml.index import graph as graph_module
from worker.ml.index.projection import fit, to_float32
from worker.ml.index.search import COMPACT_FROM, FLAT_BELOW, in_order_of_likeness, kind_of
from worker.ml.strategies import InMemory

RECALL = 0.9


def clustered(seed: int, count: int, *, dim: int = 48, clusters: int = 12, spread: float = 0.6) -> np.ndarray:
    """Unit rows around a few centres."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(clusters, dim))
    rows = centres[rng.integers(clusters, size=count)] + spread * rng.normal(size=(count, dim))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)


def built(rows: np.ndarray) -> Graph:
    with TemporaryDirectory() as folder:
        scratch = Path(folder) / "scratch"
        scratch.mkdir()
        return build(InMemory(rows, shard=100), Path(folder), scratch=scratch, report=lambda done, total: None)


def extended(old: Graph, rows: np.ndarray) -> Graph:
    with TemporaryDirectory() as folder:
        return extend(InMemory(rows, shard=100), old, Path(folder), report=lambda done, total: None)


def recall(graph: Graph, rows: np.ndarray) -> float:
    """The share of the K nearest that the graph has; whatever is as near as the K-th counts."""
    readable = np.flatnonzero(rows.any(axis=1))
    cosine = rows.astype(np.float32) @ rows.astype(np.float32).T
    cosine[:, ~rows.any(axis=1)] = -2
    np.fill_diagonal(cosine, -2)
    expected = min(K, len(readable) - 1)
    if expected < 1:
        return 1.0
    last = -np.sort(-cosine, axis=1)[:, expected - 1]
    right = 0
    for row in readable:
        near = graph.neighbours[row][graph.neighbours[row] >= 0]
        assert len(set(near.tolist())) == len(near), "a neighbour is named once"
        right += min(expected, int((cosine[row, near] >= last[row] - 1e-3).sum()))
    return right / (expected * len(readable))


def check_form(graph: Graph, rows: np.ndarray) -> None:
    """What holds for every graph."""
    count = len(rows)
    assert graph.neighbours.shape == graph.cosines.shape == (count, K)
    assert (graph.neighbours.dtype, graph.cosines.dtype) == (np.int32, np.float16)
    readable = rows.any(axis=1)
    there = graph.neighbours >= 0
    assert not there[~readable].any()
    assert (there[readable].sum(axis=1) == min(K, max(0, readable.sum() - 1))).all()
    assert (graph.cosines[~there] == -1).all()
    owner, place = np.nonzero(there)
    near = graph.neighbours[owner, place]
    assert (near != owner).all()
    assert readable[near].all()
    exact = np.einsum("ij,ij->i", rows[owner].astype(np.float32), rows[near].astype(np.float32))
    np.testing.assert_allclose(graph.cosines[owner, place].astype(np.float32), exact, atol=1e-3)
    assert (np.diff(graph.cosines.astype(np.float32), axis=1) <= 0).all(), "nearest first"


def test_every_picture_gets_its_nearest():
    rows = clustered(0, 800)

    graph = built(rows)

    check_form(graph, rows)
    assert recall(graph, rows) >= 0.99


def test_many_dimensions_are_found_by_fewer():
    rows = clustered(1, 1500, dim=512, clusters=40, spread=0.2)

    assert recall(built(rows), rows) >= RECALL


def test_inverted_lists_keep_the_recall(monkeypatch):
    monkeypatch.setattr("worker.ml.index.search.FLAT_BELOW", 1)
    rows = clustered(2, 4000)

    graph = built(rows)

    check_form(graph, rows)
    assert recall(graph, rows) >= RECALL


def test_full_rows_are_read_in_parts_that_fit_into_memory(monkeypatch):
    rows = clustered(3, 600)
    whole = built(rows)
    monkeypatch.setattr(graph_module, "ROOM", 50 * 48 * 6)

    parts = built(rows)

    np.testing.assert_array_equal(parts.neighbours, whole.neighbours)


@pytest.mark.parametrize("count", [0, 1, 2, K, K + 1])
def test_few_pictures(count):
    rows = clustered(4, count)

    graph = built(rows)

    check_form(graph, rows)
    assert recall(graph, rows) == 1.0


def test_nothing_but_unreadable_pictures():
    rows = np.zeros((30, 8), np.float16)

    assert (built(rows).neighbours == -1).all()


def test_copies_are_one_another_s_nearest():
    rows = clustered(5, 300)
    rows[100:200] = rows[7]

    graph = built(rows)

    check_form(graph, rows)
    assert recall(graph, rows) >= 0.99
    assert (graph.cosines[100:200].astype(np.float32) > 0.99).all()


@st.composite
def collections(draw) -> np.ndarray:
    """Clustered rows, some of them copies, some unreadable."""
    count = draw(st.integers(3, 400))
    rows = clustered(
        draw(st.integers(0, 2**16)), count, dim=draw(st.integers(2, 130)), clusters=draw(st.integers(1, 9))
    )
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    rows[rng.integers(count, size=draw(st.integers(0, count // 2)))] = rows[0]
    rows[rng.integers(count, size=draw(st.integers(0, count // 4)))] = 0
    return rows


@settings(max_examples=25, deadline=None)
@given(collections(), st.floats(0.1, 0.95))
def test_whole_or_bit_by_bit(rows, share):
    """A graph that is extended is as good as one that is built of everything."""
    first = int(len(rows) * share)
    old = built(rows[:first])

    for graph in (built(rows), extended(old, rows)):
        check_form(graph, rows)
        assert recall(graph, rows) >= RECALL


def test_a_newcomer_comes_into_the_lists_of_those_it_is_nearest_to():
    rows = clustered(6, 500)
    old = built(rows[:-1])
    rows[-1] = rows[3]

    graph = extended(old, rows)

    assert graph.neighbours[3, 0] == 499
    assert graph.neighbours[499, 0] == 3
    assert 499 not in old.neighbours


def test_many_small_extensions_lose_nothing():
    rows = clustered(7, 400)
    graph = built(rows[:200])

    for stop in range(220, 401, 20):
        graph = extended(graph, rows[:stop])

    check_form(graph, rows)
    assert recall(graph, rows) >= 0.98


def test_few_newcomers_extend_a_graph_and_many_have_it_built_anew():
    assert extends(1_000_000, 1_010_000)
    assert extends(100, 101)
    assert not extends(0, 100)
    assert not extends(100, 150)
    assert not extends(1000, 1000)
    assert not extends(10_000_000, 10_100_000)


def test_projected_rows_are_never_farther_apart_than_the_rows():
    rows = to_float32(clustered(8, 300, dim=200))
    projected = fit(InMemory(rows.astype(np.float16))).of(rows)

    for one, other in zip(range(0, 300, 2), range(1, 300, 2), strict=True):
        assert np.linalg.norm(projected[one] - projected[other]) <= np.linalg.norm(rows[one] - rows[other]) + 1e-3


@given(st.integers(0, 2**16), st.integers(0, 50), st.integers(1, 40))
@settings(max_examples=20, deadline=None)
def test_half_precision_is_read_exactly(seed, count, dim):
    rows = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float16)

    np.testing.assert_array_equal(to_float32(rows), rows.astype(np.float32))


@pytest.mark.parametrize(
    ("count", "kind"),
    [
        (1, "Flat"),
        (FLAT_BELOW - 1, "Flat"),
        (FLAT_BELOW, "IVF1789,SQfp16"),
        (1_000_000, "IVF4000,SQfp16"),
        (COMPACT_FROM, "IVF8944,SQ8"),
    ],
)
def test_the_index_fits_the_size(count, kind):
    assert kind_of(count) == kind


@pytest.mark.parametrize("kind", ["Flat", "IVF16,SQfp16", "IVF16,SQ8"])
def test_every_kind_of_index_finds_what_is_near(kind):
    rows = to_float32(clustered(9, 1500))

    index = make_index(rows, kind=kind)

    expected = faiss.knn(rows[:200], rows, 5)[1]
    found = index.search(rows[:200], 5)[1]
    assert index.ntotal == 1500
    assert np.mean([len(set(one) & set(other)) / 5 for one, other in zip(found, expected, strict=True)]) > RECALL


def test_the_order_of_likeness_names_each_row_once_and_keeps_neighbours_together():
    rows = to_float32(clustered(10, 6000, clusters=8, spread=0.05))

    order = in_order_of_likeness(rows)

    assert sorted(order.tolist()) == list(range(6000))
    steps = np.linalg.norm(np.diff(rows[order], axis=0), axis=1)
    assert np.median(steps) < np.median(np.linalg.norm(np.diff(rows, axis=0), axis=1)) / 2
