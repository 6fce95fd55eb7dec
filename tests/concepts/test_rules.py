"""The rules that keep the house standing, as a person would notice them broken.

That what lies below SQL is made again shows `test_health.py`; that adding again changes nothing, blackbox.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from answering import answer
from fake_openai import FakeOpenAI, says, status
from tiny_open_clip import make_tiny_open_clip

from concepts.errors import BlindModelError, DiscernError, EncoderError, FingerprintMismatchError
from concepts.settings import load_settings
from concepts.workbench import Concept, Workbench
from storage.concepts import StoredAnnotation

NAME = "Round thing"


@pytest.fixture
def concept(bench: Workbench) -> Concept:
    return bench.concept(NAME)


def answer_next(concept: Concept, n: int = 20, purpose: str = "train") -> list[str]:
    found = concept.labels.next_pictures(n, purpose=purpose)  # type: ignore[arg-type]
    answer(concept.bench, NAME, [picture.id for picture in found])
    return [picture.id for picture in found]


# 1: SQL is the truth


def test_exact_copies_are_one_picture_with_two_places(bench: Workbench, pictures: Path) -> None:
    library = bench.context.collection.library
    (one,) = {library.resolve(str(pictures / name)) for name in ("ellipse-0000.png", "twice.png")}
    assert len(library.picture(one).sources) == 2


# 3: a fingerprint travels with every vector, head and bundle


def test_a_version_trained_before_reembedding_is_refused_afterwards(concept: Concept, tmp_path: Path) -> None:
    answer_next(concept)
    concept.versions.train().wait()
    concept.exports.write(tmp_path / "bundle")
    bench = concept.bench
    bench.upkeep.reembed(f"local-dir:{make_tiny_open_clip(tmp_path / 'other', seed=1)}").wait()
    with pytest.raises(FingerprintMismatchError):
        concept.exports.write(tmp_path / "again")
    with pytest.raises(FingerprintMismatchError):
        bench.scoring.score(tmp_path / "bundle", [], tmp_path / "scores.csv").wait()
    assert concept.versions.train().wait().number == 2


def test_another_encoder_for_a_library_that_has_one_is_refused(bench: Workbench, pictures: Path) -> None:
    with pytest.raises(EncoderError, match="vectors of this library"):
        bench.library.add([pictures], encoder="embedded").wait()


# 4: evaluation is honest by construction


def test_nothing_that_learns_ever_sees_the_evaluation_set_or_its_near_duplicates(concept: Concept) -> None:
    dataset = concept.context.dataset(concept.row)
    reserved = dataset.reserved
    assert len(dataset.evaluation) == 18  # a fifth of 91
    concept.definition.mine(size=90).wait()
    concept.annotations.annotate().wait()
    answer_next(concept, 18, "evaluation")
    for _ in range(20):
        assert not reserved & set(answer_next(concept, 5))
    dataset = concept.context.dataset(concept.row)
    assert not reserved & set(dataset.candidates)
    assert not reserved & set(dataset.training.ids)
    assert concept.labels.next_pictures(5) == []


def test_every_figure_has_a_count_and_an_interval_or_says_what_is_missing(concept: Concept) -> None:
    answer_next(concept)
    answer_next(concept, 18, "evaluation")
    concept.versions.train().wait()
    for metric in concept.versions.measure().metrics:
        assert metric.n >= 0
        if metric.value is None:
            assert metric.note
        else:
            assert metric.low is not None
            assert metric.high is not None
            assert metric.low <= metric.value <= metric.high


# 5: a machine's labels count by how well they agreed with this person


@pytest.mark.parametrize("right", [True, False])
def test_a_machines_labels_train_only_where_it_agreed(concept: Concept, right: bool) -> None:
    concept.definition.mine(size=90).wait()
    assert len(answer_next(concept, 30)) == 30
    collection = concept.context.collection
    said = [
        StoredAnnotation(
            picture_id=i,
            definition_number=1,
            fingerprint="simulated",
            rating=5 if ("ellipse" in path) == right else 1,
            evidence=[],
            rationale="simulated",
        )
        for i, path in collection.paths(collection.library.all_ids()).items()
    ]
    concept.context.store.add_annotations(concept.id, said)
    concept.versions.train().wait()
    details = concept.versions.head().details
    trained_on = {count["author_kind"] for count in details["labels"]}
    assert ("annotator" in trained_on) == right
    assert (details["machine"]["weight"] > 0) == right


# 9: model calls are money


@pytest.fixture
def vlm(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOpenAI]:
    with FakeOpenAI(lambda request: {"evidence": [], "rationale": "simulated", "rating": 4}) as model:
        monkeypatch.setenv("OPENAI_BASE_URL", model.base_url)
        monkeypatch.setenv("DISCERN_VLM_MODEL", "simulated-model")
        monkeypatch.setenv("DISCERN_VLM_PRICE", "1000/1000")
        monkeypatch.setenv("DISCERN_MODEL_CONCURRENCY", "1")
        yield model


@pytest.fixture
def mined(vlm: FakeOpenAI, open_bench: Callable[[], Workbench]) -> Concept:
    concept = open_bench().concepts.begin(NAME, "A filled ellipse.")
    concept.definition.mine().wait()
    return concept


def test_annotation_stops_before_the_budget_and_keeps_what_was_paid(mined: Concept, vlm: FakeOpenAI) -> None:
    result = mined.annotations.annotate(budget=10).wait()
    assert "budget" in result.stopped.lower()
    assert 0 < result.annotated == len(vlm.requests)
    assert result.cost_usd is not None
    assert result.cost_usd <= 10


def test_nonsense_from_a_model_labels_nothing_and_is_listed(mined: Concept, vlm: FakeOpenAI) -> None:
    vlm.script(*[says("I like turtles")] * 30)
    result = mined.annotations.annotate(limit=6).wait()
    assert result.failed
    assert result.annotated + len(result.failed) == 6
    assert {row["label"] for row in mined.label_files.rows()} <= {"yes"}


def test_a_wrong_key_stops_at_once_with_a_reason(mined: Concept, vlm: FakeOpenAI) -> None:
    vlm.script(*[status(401, "bad key")] * 10)
    with pytest.raises(DiscernError, match="key"):
        mined.annotations.annotate().wait()
    assert len(vlm.requests) <= 2


def test_annotating_again_with_the_same_definition_calls_nobody(mined: Concept, vlm: FakeOpenAI) -> None:
    mined.annotations.annotate(limit=6).wait()
    calls = len(vlm.requests)
    mined.annotations.annotate(limit=6).wait()
    assert len(vlm.requests) == calls + 6
    assert len({row["id"] for row in mined.label_files.rows()}) == 12


def test_a_model_that_sees_no_pictures_is_not_asked_about_any(mined: Concept, vlm: FakeOpenAI) -> None:
    vlm.sees = False
    with pytest.raises(BlindModelError, match="doesn't see pictures"):
        mined.annotations.annotate().wait()
    assert mined.label_files.rows() == []
    assert mined.annotations.annotate(annotator="builtin").wait().annotated


# 10: a person can see why


@pytest.mark.labelled
def test_example_pictures_lend_their_words_to_the_queries(warm_home: Path, labelled_pictures: Path) -> None:
    folder = labelled_pictures / "grocery/images/train/Fruit/Lemon"
    bench = Workbench(load_settings())
    bench.library.add([folder], encoder="embedded").wait()
    examples = bench.context.collection.library.all_ids()[:3]
    bench.concepts.begin("Sour thing", "What makes you pull a face.", examples=examples)
    bench.concepts.begin("Sour thing, no examples", "What makes you pull a face.")
    searches = []
    for name in ("Sour thing", "Sour thing, no examples"):
        definition = bench.concept(name).definition
        definition.propose().wait()
        searches.append({query.text for query in definition.read().revision.definition.queries})
    assert "lemon" in searches[0] - searches[1]


def test_an_older_version_is_exported_with_the_definition_it_was_trained_on(
    concept: Concept, tmp_path: Path
) -> None:
    answer_next(concept)
    concept.versions.train().wait()
    old = concept.definition.read().revision.definition
    new = old.model_copy(update={"description": "Something else."})
    concept.definition.revise(new, author="me", note="changed my mind")
    concept.exports.write(tmp_path / "bundle")
    (facts,) = json.loads((tmp_path / "bundle" / "head.json").read_text())["concepts"]
    assert facts["definition_revision"] == 1
    assert facts["definition"]["description"] == old.description
