"""Reading embeddings and scores by position, publishing them, and clearing away what nobody needs."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from annotator.common.arrays import array_path, publish, read_array, write_arrays
from annotator.images.models import EmbeddingSpace, ScoreSet
from annotator.images.selectors import active_space, embedding_shards, embeddings, score_reader
from annotator.images.services import (
    collect_garbage,
    ensure_space,
    insert_images,
    publish_shard,
    publish_suggestions,
)
from annotator.projects.models import Project
from tests.annotator.images.arrivals import arrival, open_batch, store_scores
from tests.factories import make_project

DIM = 4


def embed(space: EmbeddingSpace, scratch: Path, sizes: list[int]) -> np.ndarray:
    """Append shards of random rows; return all rows."""
    rng = np.random.default_rng(0)
    parts, start = [], space.length
    for number, size in enumerate(sizes):
        rows = rng.normal(size=(size, DIM)).astype(np.float16)
        draft, folder = scratch / f"draft-{number}", f"{space.project_id}/embeddings/v1-{start}"
        sha256 = write_arrays(draft, {"embeddings": rows})
        publish(draft, folder)
        assert publish_shard(space=space, start=start, stop=start + size, folder=folder, sha256=sha256)
        parts.append(rows)
        start += size
    space.refresh_from_db()
    return np.concatenate(parts)


class TestEmbeddings:
    """Rows of a space, whichever shards they lie in."""

    def test_rows_come_by_position_in_any_order(self, db, tmp_path):
        space = ensure_space(project=make_project(), dim=DIM)
        rows = embed(space, tmp_path, [3, 5, 2])

        vectors = embeddings(space)

        assert vectors.shape == (10, DIM)
        wanted = np.array([9, 0, 4, 4, 2, 3])
        assert np.array_equal(vectors.rows(wanted), rows[wanted])
        assert vectors.rows(np.array([], np.int64)).shape == (0, DIM)
        assert [(start, stop) for start, stop, _ in embedding_shards(space)] == [(0, 3), (3, 8), (8, 10)]
        assert np.array_equal(np.concatenate([part for _, _, part in vectors.shards()]), rows)

    @pytest.mark.parametrize("position", [-1, 3])
    def test_a_position_without_an_embedding_is_an_error(self, db, tmp_path, position):
        space = ensure_space(project=make_project(), dim=DIM)
        embed(space, tmp_path, [3])

        with pytest.raises(IndexError):
            embeddings(space).rows(np.array([position]))

    def test_a_reader_sees_what_was_there_when_it_began(self, db, tmp_path):
        space = ensure_space(project=make_project(), dim=DIM)
        embed(space, tmp_path, [3])
        vectors = embeddings(space)

        embed(space, tmp_path, [2])

        assert vectors.shape == (3, DIM)
        assert embeddings(space).shape == (5, DIM)

    def test_a_shard_of_an_attempt_that_was_overtaken_changes_nothing(self, db, tmp_path):
        space = ensure_space(project=make_project(), dim=DIM)
        embed(space, tmp_path, [3])

        assert not publish_shard(space=space, start=0, stop=3, folder="elsewhere", sha256="")
        space.refresh_from_db()
        assert (space.length, space.shards.count()) == (3, 1)

    def test_a_project_has_one_active_space_for_the_backbone_that_it_began_with(self, db):
        project = make_project()
        assert active_space(project.pk) is None

        space = ensure_space(project=project, dim=DIM)

        assert ensure_space(project=project, dim=DIM) == space == active_space(project.pk)
        assert (space.model_name, space.backbone, space.dim) == ("v1", project.backbone, DIM)


class TestScoreReader:
    """What the machine says of a picture."""

    def test_a_head_says_its_best_guesses_with_their_confidence(self, db):
        project = make_project()
        cat, dog = project.classes.order_by("index")
        space = ensure_space(project=project, dim=DIM)
        store_scores(project, [[("dog", 0.75), ("cat", 0.25)], [("cat", 1.0)]], space=space)

        reader = score_reader(project.pk)

        assert (reader.name, reader.length) == ("v1.1", 2)
        assert reader.top(0) == [(dog.pk, 0.75), (cat.pk, 0.25)]
        assert reader.top(0, k=1) == [(dog.pk, 0.75)]
        assert reader.top(1) == [(cat.pk, 1.0)]
        label, confidence = reader.top1()
        assert label.tolist() == [dog.pk, cat.pk]
        assert confidence.tolist() == [0.75, 1.0]

    def test_beyond_its_length_there_is_no_suggestion(self, db):
        project = make_project()
        store_scores(project, [[("cat", 1.0)]], space=ensure_space(project=project, dim=DIM))

        reader = score_reader(project.pk)
        assert reader.top(5) == []
        assert reader.name_at(5) == ""

    def test_where_the_head_is_silent_an_imports_suggestion_stands(self, db):
        project = make_project()
        cat, dog = project.classes.order_by("index")
        store_scores(project, [[("dog", 1.0)], [], [("dog", 1.0)], []], kind="import")
        store_scores(project, [[("cat", 0.5)], []], space=ensure_space(project=project, dim=DIM))

        reader = score_reader(project.pk)

        assert (reader.name, reader.length) == ("v1.1", 4)
        assert reader.top1()[0].tolist() == [cat.pk, 0, dog.pk, 0]
        assert [reader.top(n) for n in range(4)] == [[(cat.pk, 0.5)], [], [(dog.pk, 1.0)], []]
        assert [reader.name_at(n) for n in range(4)] == ["v1.1", "", "import", ""]

    def test_a_project_without_scores_has_no_reader(self, db):
        assert score_reader(make_project().pk) is None

    def test_a_reader_is_remembered_until_another_set_becomes_active(self, db):
        project = make_project()
        space = ensure_space(project=project, dim=DIM)
        store_scores(project, [[("cat", 1.0)]], space=space)
        first = score_reader(project.pk)
        assert score_reader(project.pk) is first

        store_scores(project, [[("dog", 1.0)]], space=space)

        assert score_reader(project.pk).name == "v1.2"
        assert first.name == "v1.1"
        assert first.top(0), "who holds the former set goes on reading it"


class TestTop1(TestCase):
    """`top1` of everything equals `top` of each."""

    @settings(deadline=None)
    @given(
        st.lists(st.sampled_from([[], [("cat", 0.5)], [("dog", 1.0)]]), min_size=1, max_size=6),
        st.lists(st.sampled_from([[], [("cat", 0.25)], [("dog", 0.75)]]), min_size=1, max_size=6),
    )
    def test_top1_equals_top(self, head, imported):
        project = make_project()
        store_scores(project, imported, kind="import")
        store_scores(project, head, space=ensure_space(project=project, dim=DIM))
        reader = score_reader(project.pk)

        label, confidence = reader.top1()

        each = [(reader.top(position, k=1) or [(0, 0.0)])[0] for position in range(reader.length)]
        assert list(zip(label.tolist(), confidence.tolist(), strict=True)) == each


class TestSuggestions:
    """The set `import`, rebuilt from class folders."""

    def test_each_picture_has_the_class_of_its_latest_folder(self, db):
        project = make_project()
        dog = project.classes.get(name="dog")
        batch = open_batch(project, labels="suggestions")
        insert_images(batch=batch, rows=[arrival("cat/a", label="cat"), arrival("b"), arrival("dog/c", label="dog")])
        insert_images(batch=open_batch(project, labels="suggestions"), rows=[arrival("dog/a", "cat/a", label="dog")])

        publish_suggestions(project_id=project.pk)

        reader = score_reader(project.pk)
        assert reader.name == "import"
        assert [reader.top(n) for n in range(3)] == [[(dog.pk, 1.0)], [], [(dog.pk, 1.0)]]

    def test_what_was_undone_suggests_nothing(self, db):
        project = make_project()
        batch = open_batch(project, labels="suggestions")
        insert_images(batch=batch, rows=[arrival("cat/a", label="cat")])
        batch.state = "undone"
        batch.save()

        publish_suggestions(project_id=project.pk)

        assert score_reader(project.pk).top(0) == []

    def test_a_rebuild_that_read_an_older_state_gives_way(self, db):
        project = make_project()
        store_scores(project, [[("cat", 1.0)]], kind="import", trained_seq=10**6)

        assert publish_suggestions(project_id=project.pk) is None


class TestGarbage:
    """Stored directories that no row needs."""

    def refreshed(self, project: Project, times: int) -> list[ScoreSet]:
        space = ensure_space(project=project, dim=DIM)
        return [store_scores(project, [[("cat", 1.0)]], space=space) for _ in range(times)]

    def test_the_active_and_the_previous_set_stay_and_older_rows_stay_as_history(self, db):
        project = make_project()
        sets = self.refreshed(project, 4)

        assert collect_garbage(project.pk) == 2

        assert [array_path(row.folder).exists() for row in sets] == [False, False, True, True]
        assert ScoreSet.objects.filter(project=project).count() == 4
        assert collect_garbage(project.pk) == 0
        assert read_array(sets[3].folder, "top_class").shape == (1, 1)

    def test_heads_do_not_push_out_what_was_imported(self, db):
        project = make_project()
        imported = store_scores(project, [[("dog", 1.0)]], kind="import")
        self.refreshed(project, 4)

        collect_garbage(project.pk)

        assert array_path(imported.folder).exists()

    def test_embeddings_stay(self, db, tmp_path):
        space = ensure_space(project=make_project(), dim=DIM)
        embed(space, tmp_path, [2, 2])

        collect_garbage(space.project_id)

        assert len(embedding_shards(space)) == 2

    def test_what_a_killed_attempt_left_goes_once_it_is_old(self, db, tmp_path):
        project = make_project()
        for name in ("young", "old"):
            write_arrays(tmp_path / name, {"embeddings": np.zeros((1, DIM), np.float16)})
            publish(tmp_path / name, f"{project.pk}/embeddings/{name}")
        long_ago = time.time() - 3 * 24 * 3600
        os.utime(array_path(f"{project.pk}/embeddings/old"), (long_ago, long_ago))

        assert collect_garbage(project.pk) == 1

        assert array_path(f"{project.pk}/embeddings/young").exists()
        assert not array_path(f"{project.pk}/embeddings/old").exists()
