"""Projection and k-means as the strategies use them."""

from __future__ import annotations

import numpy as np
import pytest

from tests.worker.ml.synthetic import clusters
from worker.ml.strategies.clustering import k_means, main_axes, project, spread_out


def test_clusters_that_lie_apart_are_found(rng):
    features, truth = clusters(rng, count=400, classes=8, spread=0.1)

    cluster, centres = k_means(features.astype(np.float32), 8, rng)

    assert centres.shape == (8, 32)
    assert all(len(np.unique(cluster[truth == one])) == 1 for one in range(8))
    assert len(np.unique(cluster)) == 8


def test_there_are_no_more_clusters_than_rows(rng):
    cluster, centres = k_means(rng.normal(size=(3, 4)).astype(np.float32), 10, rng)
    assert centres.shape == (3, 4)
    assert sorted(cluster) == [0, 1, 2]


def test_the_same_generator_gives_the_same_clusters():
    rows = np.random.default_rng(1).normal(size=(300, 16)).astype(np.float32)
    first, second = (k_means(rows, 20, np.random.default_rng(5))[0] for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_projection_keeps_distances_along_the_axes_that_rows_use(rng):
    rows = (rng.normal(size=(200, 5)) @ rng.normal(size=(5, 64))).astype(np.float32)

    projected = project(rows, 8, rng)

    assert projected.shape == (200, 8)
    np.testing.assert_allclose(projected @ projected.T, rows @ rows.T, rtol=1e-3, atol=1e-2)


def test_a_projection_that_drops_axes_keeps_the_longest(rng):
    scale = np.geomspace(10, 0.1, 64)
    rows = (rng.normal(size=(500, 64)) * scale).astype(np.float32)
    best = np.linalg.svd(rows, compute_uv=False)[:16]

    kept = np.square(project(rows, 16, rng)).sum()

    assert kept >= 0.97 * np.square(best).sum()


def test_fewer_dimensions_than_asked_for_are_left_as_they_are(rng):
    rows = rng.normal(size=(10, 4)).astype(np.float32)
    np.testing.assert_array_equal(project(rows, 8, rng), rows)


def test_spread_out_rows_are_different_ones_first(rng):
    rows = np.repeat(np.eye(6, dtype=np.float32), 5, axis=0)

    drawn = spread_out(rows, 30, rng)

    assert sorted(drawn[:6] // 5) == list(range(6))
    assert sorted(drawn) == list(range(30))


def test_the_main_axes_are_those_along_which_rows_vary(rng):
    spread = np.r_[np.full(8, 3.0), np.full(56, 0.01)]
    rows = (rng.normal(size=(500, 64)) * spread).astype(np.float32)

    axes = main_axes(rows, 8, rng)

    assert np.allclose(axes.T @ axes, np.eye(8), atol=1e-4)
    assert (axes[:8] ** 2).sum() == pytest.approx(8, abs=0.01)
