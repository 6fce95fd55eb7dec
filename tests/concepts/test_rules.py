"""The rules that keep the house standing, as a person would notice them broken."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fake_openai import FakeOpenAI, says, status

from concepts.errors import (
    BlindModelError,
    DiscernError,
    FingerprintMismatchError,
    NoPriceError,
    NotEnoughLabelsError,
    OtherEncoderError,
)
from concepts.settings import load_settings
from concepts.workbench import Workbench
from storage.concepts import StoredAnnotation

NAME = "Round thing"


def answer(bench: Workbench, folder: Path, count: int = 20, split: str = "train") -> list[str]:
    """A SIMULATED person: ellipses count."""
    chosen = bench.concept(NAME).labels.next_pictures(
        count, purpose="evaluation" if split == "evaluation" else "train"
    )
    with (folder / "a.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "label"])
        writer.writerows([p.id, int("ellipse" in p.path)] for p in chosen)
    bench.concept(NAME).label_files.import_file(folder / "a.csv", simulated=True)
    return [p.id for p in chosen]


# 1: SQL is the truth, the vector index can be rebuilt


def test_a_lost_vector_index_is_rebuilt_from_the_pictures(
    open_bench: Callable[[], Workbench], own_home: Path
) -> None:
    before = open_bench().context.collection.index()
    ids = list(before.ids)
    vectors = before.vectors(ids)
    shutil.rmtree(own_home / "vectors")
    bench = open_bench()
    bench.library.add([]).wait()
    after = bench.context.collection.index()
    assert list(after.ids) == ids
    np.testing.assert_allclose(after.vectors(ids), vectors, atol=2e-3)


def test_adding_the_same_folder_again_changes_nothing(bench: Workbench, pictures: Path) -> None:
    before = bench.library.info()
    result = bench.library.add([pictures]).wait()
    assert (result.added, result.unchanged) == (0, 92)
    assert bench.library.info() == before


def test_exact_copies_are_one_picture_with_two_places(bench: Workbench, pictures: Path) -> None:
    ids = {
        bench.context.collection.library.resolve(str(pictures / n)) for n in ("ellipse-0000.png", "twice.png")
    }
    assert len(bench.context.collection.library.picture(ids.pop()).sources) == 2
    assert not ids


# 3: a fingerprint travels with every vector, head and bundle


def test_a_version_trained_before_reembedding_is_refused_afterwards(bench: Workbench, tmp_path: Path) -> None:
    from tiny_open_clip import make_tiny_open_clip

    answer(bench, tmp_path)
    bench.concept(NAME).versions.train().wait()
    bench.concept(NAME).exports.write(tmp_path / "bundle")
    bench.upkeep.reembed(f"local-dir:{make_tiny_open_clip(tmp_path / 'other', seed=1)}").wait()
    with pytest.raises(FingerprintMismatchError):
        bench.concept(NAME).exports.write(tmp_path / "again")
    with pytest.raises(FingerprintMismatchError):
        bench.scoring.score(tmp_path / "bundle", [], tmp_path / "scores.csv").wait()
    assert bench.concept(NAME).versions.train().wait().number == 2


def test_another_encoder_for_a_library_that_has_one_is_refused(bench: Workbench, pictures: Path) -> None:
    with pytest.raises(OtherEncoderError):
        bench.library.add([pictures], encoder="embedded").wait()


# 4: evaluation is honest by construction


def test_nothing_that_learns_ever_sees_the_evaluation_set_or_its_near_duplicates(
    bench: Workbench, tmp_path: Path
) -> None:
    dataset = bench.context.dataset(bench.context.concept(NAME))
    reserved = dataset.reserved
    assert len(dataset.evaluation) == 18  # a fifth of 91
    bench.concept(NAME).definition.mine(size=90).wait()
    bench.concept(NAME).annotations.annotate().wait()
    answer(bench, tmp_path, 18, "evaluation")
    for _ in range(20):
        assert not reserved & set(answer(bench, tmp_path, 5))
    dataset = bench.context.dataset(bench.context.concept(NAME))
    assert not reserved & set(dataset.candidates)
    assert not reserved & set(dataset.training.ids)
    assert bench.concept(NAME).labels.next_pictures(5) == []


def test_without_evaluation_answers_there_are_no_figures(bench: Workbench, tmp_path: Path) -> None:
    answer(bench, tmp_path)
    bench.concept(NAME).versions.train().wait()
    with pytest.raises(NotEnoughLabelsError) as caught:
        bench.concept(NAME).versions.measure()
    assert caught.value.purpose == "evaluation"


def test_every_figure_has_a_count_and_an_interval_or_says_what_is_missing(
    bench: Workbench, tmp_path: Path
) -> None:
    answer(bench, tmp_path)
    answer(bench, tmp_path, 18, "evaluation")
    bench.concept(NAME).versions.train().wait()
    for metric in bench.concept(NAME).versions.measure().metrics:
        assert metric.n >= 0
        if metric.value is None:
            assert metric.note
        else:
            assert metric.low is not None
            assert metric.high is not None
            assert metric.low <= metric.value <= metric.high


# 5: a machine's labels count by how well they agreed with this person


@pytest.mark.parametrize(("right", "used"), [(True, True), (False, False)])
def test_a_machines_labels_train_only_where_it_agreed(
    bench: Workbench, tmp_path: Path, right: bool, used: bool
) -> None:
    bench.concept(NAME).definition.mine(size=90).wait()
    answered = answer(bench, tmp_path, 30)
    paths = bench.context.collection.paths(bench.context.collection.library.all_ids())
    said = [
        StoredAnnotation(
            picture_id=i,
            definition_number=1,
            fingerprint="simulated",
            rating=5 if ("ellipse" in path) == right else 1,
            evidence=[],
            rationale="simulated",
        )
        for i, path in paths.items()
    ]
    bench.context.store.add_annotations(1, said)
    bench.concept(NAME).versions.train().wait()
    details = bench.concept(NAME).versions.head().details
    trained_on = {count["author_kind"] for count in details["labels"]}
    assert ("annotator" in trained_on) == used
    assert (details["machine"]["weight"] > 0) == used
    assert len(answered) == 30


# 9: model calls are money


@pytest.fixture
def vlm(monkeypatch: pytest.MonkeyPatch, open_bench: Callable[[], Workbench]) -> FakeOpenAI:
    with FakeOpenAI(lambda request: {"evidence": [], "rationale": "simulated", "rating": 4}) as model:
        monkeypatch.setenv("OPENAI_BASE_URL", model.base_url)
        monkeypatch.setenv("DISCERN_VLM_MODEL", "simulated-model")
        monkeypatch.setenv("DISCERN_MODEL_CONCURRENCY", "2")
        yield model


def ready(open_bench: Callable[[], Workbench]) -> Workbench:
    bench = open_bench()
    bench.concepts.begin(NAME, "A filled ellipse.")
    bench.concept(NAME).definition.mine().wait()
    return bench


def test_annotation_stops_before_the_budget_and_keeps_what_was_paid(
    vlm: FakeOpenAI, monkeypatch: pytest.MonkeyPatch, open_bench: Callable[[], Workbench]
) -> None:
    monkeypatch.setenv("DISCERN_VLM_PRICE", "1000/1000")
    bench = ready(open_bench)
    result = bench.concept(NAME).annotations.annotate(budget=10).wait()
    assert "budget" in result.stopped.lower()
    assert 0 < result.annotated == len(vlm.requests)
    assert result.cost_usd is not None
    assert result.cost_usd <= 10


def test_a_budget_without_a_price_is_refused(vlm: FakeOpenAI, open_bench: Callable[[], Workbench]) -> None:
    with pytest.raises(NoPriceError):
        ready(open_bench).concept(NAME).annotations.annotate(budget=1).wait()


def test_nonsense_from_a_model_labels_nothing_and_is_listed(
    vlm: FakeOpenAI, open_bench: Callable[[], Workbench]
) -> None:
    vlm.script(*[says("I like turtles")] * 30)
    result = ready(open_bench).concept(NAME).annotations.annotate(limit=6).wait()
    assert result.failed
    assert result.annotated + len(result.failed) == 6
    assert {row["label"] for row in Workbench(load_settings()).concept(NAME).label_files.rows()} <= {"yes"}


def test_a_wrong_key_stops_at_once_with_a_reason(
    vlm: FakeOpenAI, monkeypatch: pytest.MonkeyPatch, open_bench: Callable[[], Workbench]
) -> None:
    monkeypatch.setenv("DISCERN_MODEL_CONCURRENCY", "1")
    vlm.script(*[status(401, "bad key")] * 10)
    with pytest.raises(DiscernError, match="key"):
        ready(open_bench).concept(NAME).annotations.annotate().wait()
    assert len(vlm.requests) <= 2


def test_annotating_again_with_the_same_definition_calls_nobody(
    vlm: FakeOpenAI, open_bench: Callable[[], Workbench]
) -> None:
    bench = ready(open_bench)
    bench.concept(NAME).annotations.annotate(limit=6).wait()
    calls = len(vlm.requests)
    bench.concept(NAME).annotations.annotate(limit=6).wait()
    assert len(vlm.requests) == calls + 6
    assert len({row["id"] for row in bench.concept(NAME).label_files.rows()}) == 12


def test_a_model_that_sees_no_pictures_is_not_asked_about_any(
    vlm: FakeOpenAI, open_bench: Callable[[], Workbench]
) -> None:
    vlm.sees = False
    bench = ready(open_bench)
    with pytest.raises(BlindModelError, match="doesn't see pictures"):
        bench.concept(NAME).annotations.annotate().wait()
    assert bench.concept(NAME).label_files.rows() == []
    assert bench.concept(NAME).annotations.annotate(annotator="builtin").wait().annotated


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
    bench: Workbench, tmp_path: Path
) -> None:
    import json

    answer(bench, tmp_path)
    bench.concept(NAME).versions.train().wait()
    old = bench.concept(NAME).definition.read().revision.definition
    new = old.model_copy(update={"description": "Something else."})
    bench.concept(NAME).definition.revise(new, author="me", note="changed my mind")
    bench.concept(NAME).exports.write(tmp_path / "bundle")
    (facts,) = json.loads((tmp_path / "bundle" / "head.json").read_text())["concepts"]
    assert facts["definition_revision"] == 1
    assert facts["definition"]["description"] == old.description
