"""Having a machine label the pool of a concept, with a simulated model behind a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from answering import Filled, answer
from fake_openai import FakeOpenAI
from PIL import Image
from simulated_annotator import serving
from sqlalchemy import delete

from concepts.collaborator.annotations import annotate
from concepts.collaborator.prompt_parts import answered
from concepts.labelling.dataset import dataset_of
from concepts.labelling.label_files import label_rows
from concepts.labelling.labels import comment_on, give_label, next_pictures
from concepts.labelling.mining import mine
from concepts.library.collection import collection_of
from concepts.results.concepts import begin_concept
from concepts.results.library import import_pictures
from concepts.rooms import open_app
from concepts.settings import load_settings
from concepts.use_cases import App, Concept
from storage.tables import StoredAnnotation

NAME = "Round thing"


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOpenAI]:
    with serving(monkeypatch, vlm_price="1/1", model_concurrency="2") as model:
        yield model


def with_a_pool(bench: App) -> None:
    """With twenty answers and a pool."""
    begin_concept(bench, NAME, "A filled ellipse.")
    answer(bench, NAME, [picture.id for picture in next_pictures(bench.concept(NAME), 30)])
    bench.concept(NAME).begin(mine).wait()


@pytest.fixture
def concept(model: FakeOpenAI, filled: Filled) -> Concept:
    return filled(with_a_pool).concept(NAME)


def test_examples_are_answered_pictures_and_none_that_measures(concept: Concept, model: FakeOpenAI) -> None:
    picture = next(iter(dataset_of(concept).answers))
    comment_on(concept, picture, "Round\nall over.", author="me", key="remark")
    dataset = dataset_of(concept)
    chosen = answered(dataset)
    assert [picture, dataset.answers[picture].value == "yes", "Round all over."] in chosen
    assert {i for i, *_ in chosen} <= dataset.answers.keys() - dataset.reserved
    assert dataset.reserved
    concept.begin(annotate, limit=3, examples=True).wait()
    assert [len(request.pictures) for request in model.requests] == [5, 5, 5]
    assert all("Picture 4: " in request.text for request in model.requests)


def test_an_interrupted_run_goes_on_with_its_examples(concept: Concept, model: FakeOpenAI) -> None:
    def stop(done: int, total: int | None, message: str) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        concept.begin(annotate, limit=12, examples=True).wait(stop)
    paid = len(model.requests)
    assert 0 < paid < 12
    dataset = dataset_of(concept)
    for number, picture in enumerate(list(dataset.answers)[:4]):
        give_label(concept, picture, "no", author="another", key=str(number))
    concept.app.close()
    bench = open_app(load_settings())
    result = bench.concept(NAME).begin(annotate, limit=12, examples=True).wait()
    assert result.annotated == len(model.requests) == 12
    said = bench.store.ratings(bench.concept(NAME).id)
    assert len({one.fingerprint for one in said}) == 1


@pytest.fixture
def twins(concept: Concept, tmp_path: Path) -> list[str]:
    """A picture of the pool, the same one saved anew at two qualities."""
    bench, dataset = concept.app, dataset_of(concept)
    first = next(i for i in dataset.candidates if i not in dataset.reserved)
    (tmp_path / "again").mkdir()
    with Image.open(collection_of(bench).paths([first])[first]) as image:
        for quality in (90, 95):
            image.convert("RGB").save(tmp_path / "again" / f"{quality}.jpg", quality=quality)
    known = set(collection_of(bench).library.all_ids())
    import_pictures(bench, [tmp_path / "again"]).wait()
    new = [i for i in collection_of(bench).library.all_ids() if i not in known]
    bench.store.add_candidates(concept.id, [(i, ["random"]) for i in new], 1)
    groups = collection_of(bench).library.near_groups([first, *new])
    assert len(groups) == 3 > len(set(groups)) == 1
    return [first, *new]


def annotations(concept: Concept) -> dict[str, StoredAnnotation]:
    return {said.picture_id: said for said in concept.app.store.annotations(concept.id)}


def test_of_pictures_that_look_the_same_one_is_asked_about(
    concept: Concept, model: FakeOpenAI, twins: list[str]
) -> None:
    result = concept.begin(annotate, rounds=1).wait()
    said = annotations(concept)
    copies = {i: one.same_as for i, one in said.items() if one.same_as}
    assert copies
    assert sum(i in copies for i in twins) == len(twins) - 1
    assert set(copies.values()) <= said.keys() - copies.keys()
    assert result.annotated == len(said) == result.calls + len(copies)
    labelled = {row["id"] for row in label_rows(concept) if row["author_kind"] == "annotator"}
    assert labelled == said.keys()
    calls = len(model.requests)
    with concept.app.database.write() as session:
        session.execute(delete(StoredAnnotation).where(StoredAnnotation.picture_id == twins[-1]))
    assert twins[-1] not in annotations(concept)
    concept.begin(annotate).wait()
    assert annotations(concept)[twins[-1]].same_as in twins
    assert len(model.requests) == calls


def test_the_built_in_annotator_looks_at_each(concept: Concept, twins: list[str]) -> None:
    concept.begin(annotate, annotator="builtin").wait()
    assert not any(said.same_as for said in annotations(concept).values())
    assert set(twins) <= annotations(concept).keys()
