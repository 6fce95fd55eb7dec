"""Rule 4 at every moment: a concept is begun at once, and nothing learns before its evaluation draw."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from at_once import at_once
from beginning import begin_with_queued_draw
from patience import PATIENCE
from statements import statements

from concepts.collaborator.annotations import annotate
from concepts.definition.editing import add_example
from concepts.errors import DiscernError
from concepts.labelling import waves
from concepts.labelling.dataset import ConceptDataset, dataset_of
from concepts.labelling.examples import edit_definition
from concepts.labelling.label_files import import_label_file
from concepts.labelling.labels import give_label, label_grid, next_pictures, upcoming
from concepts.labelling.mining import mine
from concepts.labelling.waves import draw_wave
from concepts.library.collection import collection_of
from concepts.results.concepts import begin_concept, concept_state
from concepts.results.trained import train
from concepts.results.trash import put_into_trash
from concepts.use_cases import App, Concept
from storage.concepts import Wave

NAME, DESCRIPTION = "Round thing", "A filled ellipse, not a rectangle."
LEARNS = ("candidates", "heads", "annotations", "label_events")


@pytest.fixture
def bench(open_bench: Callable[[], App]) -> App:
    """A library with a concept whose draw waits in the queue: no background work is going on."""
    bench = open_bench()
    begin_with_queued_draw(bench, NAME, DESCRIPTION)
    return bench


def evaluation(bench: App) -> list[str]:
    return list(bench.store.evaluation_pictures(bench.concept(NAME).id))


def train_anew(bench: App, folder: Path) -> None:
    concept = bench.concept(NAME)
    for picture, value in zip(next_pictures(concept, 2), ("yes", "no"), strict=True):
        give_label(concept, picture.id, value, author="me")
    concept.begin(train).wait()


def find_candidates(bench: App, folder: Path) -> None:
    bench.concept(NAME).begin(mine).wait()


def have_labelled(bench: App, folder: Path) -> None:
    bench.concept(NAME).begin(annotate, annotator="builtin").wait()


def answer(bench: App, folder: Path) -> None:
    for picture in next_pictures(bench.concept(NAME), 3):
        give_label(bench.concept(NAME), picture.id, "yes", author="me")


def answer_from_the_queue(bench: App, folder: Path) -> None:
    concept = bench.concept(NAME)
    upcoming(concept, [], 0)
    bench.background.submit(lambda: None).result(PATIENCE)
    for picture in upcoming(concept, [], 3).pictures:
        give_label(concept, picture.id, "yes", author="me")


def answer_in_the_grid(bench: App, folder: Path) -> None:
    concept = bench.concept(NAME)
    label_grid(concept, "likely")
    bench.background.submit(lambda: None).result(PATIENCE)
    for picture in label_grid(concept, "likely", n=3).pictures:
        give_label(concept, picture.id, "yes", author="me")


def import_answers(bench: App, folder: Path) -> None:
    file = folder / "answers.csv"
    rows = [f"{i},yes" for i in collection_of(bench).library.all_ids()[:5]]
    file.write_text("\n".join(["id,label", *rows]))
    import_label_file(bench.concept(NAME), file)


@pytest.mark.parametrize(
    "learn",
    [
        train_anew,
        find_candidates,
        have_labelled,
        answer,
        answer_from_the_queue,
        answer_in_the_grid,
        import_answers,
    ],
)
def test_whatever_learns_draws_first(bench: App, tmp_path: Path, learn: Callable[[App, Path], None]) -> None:
    assert evaluation(bench) == []
    with statements(bench.database) as sent:
        learn(bench, tmp_path)
    written = [sql.split()[2] for sql in sent if sql.startswith("INSERT INTO")]
    first = {table: written.index(table) for table in set(written)}
    learned = [table for table in LEARNS if table in first]
    assert learned
    assert all(first["evaluation_pictures"] < first[table] for table in learned)
    assert not set(evaluation(bench)) & set(bench.store.candidates(bench.concept(NAME).id))


def test_the_set_is_the_same_whoever_draws_it(bench: App, tmp_path: Path) -> None:
    job = bench.jobs.store.latest(["draw evaluation"])
    assert job is not None
    at_once(
        3,
        lambda index: (train_anew, find_candidates, lambda *_: bench.jobs.resume(job.id))[index](
            bench, tmp_path
        ),
    )
    drawn = evaluation(bench)
    assert len(drawn) == 18
    put_into_trash(bench, concept=NAME, author="me")
    begin_concept(bench, NAME, DESCRIPTION)
    assert evaluation(bench) == drawn


def test_the_first_of_two_draws_is_the_one(bench: App) -> None:
    ids, concept = collection_of(bench).library.all_ids(), bench.concept(NAME).row

    def wave() -> Wave:
        return Wave(number=1, label_sequence=0, fingerprint="", bias=0.0, boundaries=[], frame=91)

    at_once(2, lambda n: bench.store.add_wave(concept.id, wave(), ids[5 * n : 5 * n + 5]))
    assert evaluation(bench) in (ids[:5], ids[5:10])


def test_beginning_a_concept_waits_for_no_draw(
    open_bench: Callable[[], App], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, gate = open_bench(), threading.Event()
    draw = waves.draw_wave

    def slowly(*given: object) -> tuple[Wave, list[str]]:
        assert gate.wait(PATIENCE)
        return draw(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(waves, "draw_wave", slowly)
    bench.jobs.start()
    view = concept_state(begin_concept(bench, NAME, DESCRIPTION))
    assert view.answers.to_measure == 0
    training = threading.Thread(target=train_anew, args=(bench, Path()))
    training.start()
    assert not concept_state(bench.concept(NAME)).heads
    gate.set()
    training.join(PATIENCE)
    assert len(concept_state(bench.concept(NAME)).heads) == 1
    assert len(evaluation(bench)) == 18
    bench.close()


def test_the_same_is_drawn_whether_or_not_the_index_knows_every_picture(
    concept: Concept, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection, row = collection_of(concept.app), concept.row
    ids = collection.library.all_ids()
    of_group = dict.fromkeys(ids[:5], ids[0]) | dict.fromkeys(ids[10:14], ids[10])
    collection.library.set_near_groups({i: i for i in ids} | of_group)
    collection.removed.remove([ids[0], ids[20]], "me")
    for picture in (ids[12], ids[30]):
        give_label(concept, picture, "no", author="me")

    def drawn() -> list[str]:
        size = len(ids)
        return draw_wave(dataset_of(concept.app.concept_of(row.id)), size, None, 0)[1]

    by_index = drawn()
    assert not {ids[0], ids[20], *ids[2:5], *ids[10:14], ids[30]} & set(by_index)
    assert ids[1] in by_index
    monkeypatch.setattr(ConceptDataset, "pictures", -1)  # so that it seems as if some had no vector yet
    assert drawn() == by_index


def test_an_example_that_is_chosen_before_the_draw_is_no_part_of_it(concept: Concept) -> None:
    row = concept.row
    dataset = dataset_of(concept.app.concept_of(row.id))
    chosen = draw_wave(dataset, 18, None, 0)[1][0]
    edit_definition(concept, lambda d: add_example(d, chosen, counts=True), author="me", after=1)
    assert len(evaluation(concept.app)) == 18
    assert chosen not in evaluation(concept.app)
    measures = evaluation(concept.app)[0]
    with pytest.raises(DiscernError, match="is a test picture"):
        edit_definition(concept, lambda d: add_example(d, measures, counts=True), author="me", after=2)
