"""The rules that keep the house standing, as a person would notice them broken."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_openai import FakeOpenAI

from concepts.errors import (
    FingerprintMismatchError,
    NotEnoughLabelsError,
    OtherEncoderError,
)
from concepts.settings import load_settings
from concepts.workbench import Workbench
from storage.concepts import StoredAnnotation

NAME = "Round thing"


def answer(bench: Workbench, folder: Path, count: int = 20, split: str = "train") -> list[str]:
    """A SIMULATED person: ellipses count."""
    chosen = bench.answers.next_pictures(
        NAME, count, purpose="evaluation" if split == "evaluation" else "train"
    )
    with (folder / "a.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "label"])
        writer.writerows([p.id, int("ellipse" in p.path)] for p in chosen)
    bench.label_files.import_labels(NAME, folder / "a.csv", simulated=True)
    return [p.id for p in chosen]


# 3: a fingerprint travels with every vector, head and bundle


def test_a_version_trained_before_reembedding_is_refused_afterwards(bench: Workbench, tmp_path: Path) -> None:
    from tiny_open_clip import make_tiny_open_clip

    answer(bench, tmp_path)
    bench.versions.train(NAME)
    bench.exports.export(NAME, tmp_path / "bundle")
    bench.pictures.reembed(f"local-dir:{make_tiny_open_clip(tmp_path / 'other', seed=1)}")
    with pytest.raises(FingerprintMismatchError):
        bench.exports.export(NAME, tmp_path / "again")
    with pytest.raises(FingerprintMismatchError):
        bench.exports.score(tmp_path / "bundle", [], tmp_path / "scores.csv")
    assert bench.versions.train(NAME).number == 2


def test_another_encoder_for_a_library_that_has_one_is_refused(bench: Workbench, pictures: Path) -> None:
    with pytest.raises(OtherEncoderError):
        bench.pictures.add_pictures([pictures], encoder="embedded")


# 4: evaluation is honest by construction


def test_nothing_that_learns_ever_sees_the_evaluation_set_or_its_near_duplicates(
    bench: Workbench, tmp_path: Path
) -> None:
    dataset = bench.context.dataset(bench.context.concept(NAME))
    reserved = dataset.reserved
    assert len(dataset.evaluation) == 18  # a fifth of 91
    bench.definitions.mine(NAME, size=90)
    bench.annotations.annotate(NAME)
    answer(bench, tmp_path, 18, "evaluation")
    for _ in range(20):
        assert not reserved & set(answer(bench, tmp_path, 5))
    dataset = bench.context.dataset(bench.context.concept(NAME))
    assert not reserved & set(dataset.candidates)
    assert not reserved & set(dataset.training.ids)
    assert bench.answers.next_pictures(NAME, 5) == []


def test_without_evaluation_answers_there_are_no_figures(bench: Workbench, tmp_path: Path) -> None:
    answer(bench, tmp_path)
    bench.versions.train(NAME)
    with pytest.raises(NotEnoughLabelsError) as caught:
        bench.versions.evaluate(NAME)
    assert caught.value.purpose == "evaluation"


def test_every_figure_has_a_count_and_an_interval_or_says_what_is_missing(
    bench: Workbench, tmp_path: Path
) -> None:
    answer(bench, tmp_path)
    answer(bench, tmp_path, 18, "evaluation")
    bench.versions.train(NAME)
    for metric in bench.versions.evaluate(NAME).metrics:
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
    bench.definitions.mine(NAME, size=90)
    answered = answer(bench, tmp_path, 30)
    paths = bench.context.collection.paths(bench.context.collection.library.all_ids())
    said = [
        StoredAnnotation(i, 1, "simulated", 5 if ("ellipse" in path) == right else 1, [], "simulated")
        for i, path in paths.items()
    ]
    bench.context.store.add_annotations(1, said)
    details = bench.versions.train(NAME).details
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
    bench.definitions.create_concept(NAME, "A filled ellipse.")
    bench.definitions.mine(NAME)
    return bench


def test_annotation_stops_before_the_budget_and_keeps_what_was_paid(
    vlm: FakeOpenAI, monkeypatch: pytest.MonkeyPatch, open_bench: Callable[[], Workbench]
) -> None:
    monkeypatch.setenv("DISCERN_VLM_PRICE", "1000/1000")
    bench = ready(open_bench)
    result = bench.annotations.annotate(NAME, budget=10)
    assert "budget" in result.stopped.lower()
    assert 0 < result.annotated == len(vlm.requests)
    assert result.cost_usd is not None
    assert result.cost_usd <= 10


def test_annotating_again_with_the_same_definition_calls_nobody(
    vlm: FakeOpenAI, open_bench: Callable[[], Workbench]
) -> None:
    bench = ready(open_bench)
    bench.annotations.annotate(NAME, limit=6)
    calls = len(vlm.requests)
    bench.annotations.annotate(NAME, limit=6)
    assert len(vlm.requests) == calls + 6
    assert len({row["id"] for row in bench.label_files.label_rows(NAME)}) == 12


# 10: a person can see why


@pytest.mark.labelled
def test_example_pictures_lend_their_words_to_the_queries(warm_home: Path, labelled_pictures: Path) -> None:
    folder = labelled_pictures / "grocery/images/train/Fruit/Lemon"
    bench = Workbench(load_settings())
    bench.pictures.add_pictures([folder], encoder="embedded")
    examples = bench.context.collection.library.all_ids()[:3]
    bench.definitions.create_concept("Sour thing", "What makes you pull a face.", examples=examples)
    bench.definitions.create_concept("Sour thing, no examples", "What makes you pull a face.")
    with_examples, without = (
        {query.text for query in bench.definitions.expand(name).definition.queries}
        for name in ("Sour thing", "Sour thing, no examples")
    )
    assert "lemon" in with_examples - without


def test_an_older_version_is_exported_with_the_definition_it_was_trained_on(
    bench: Workbench, tmp_path: Path
) -> None:
    import json

    answer(bench, tmp_path)
    bench.versions.train(NAME)
    old = bench.definitions.concept(NAME).revision.definition
    new = old.model_copy(update={"description": "Something else."})
    bench.definitions.revise(NAME, new, author="me", note="changed my mind")
    bench.exports.export(NAME, tmp_path / "bundle")
    (facts,) = json.loads((tmp_path / "bundle" / "head.json").read_text())["concepts"]
    assert facts["definition_revision"] == 1
    assert facts["definition"]["description"] == old.description
