"""The rules that keep the house standing, as a person would notice them broken.

That what lies below SQL is made again shows `test_health.py`; that adding again changes nothing, blackbox.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from answering import answer_next
from simulated_annotator import rate, serving
from tiny_open_clip import make_tiny_open_clip

from concepts.collaborator.annotations import annotate
from concepts.collaborator.proposals import propose
from concepts.definition.revisions import definition_of
from concepts.errors import BlindModelError, EncoderError, FingerprintMismatchError
from concepts.labelling.dataset import dataset_of
from concepts.labelling.label_files import label_rows
from concepts.labelling.labels import next_pictures
from concepts.labelling.mining import mine
from concepts.library.collection import collection_of
from concepts.library.upkeep import reembed
from concepts.results.bundles import write_bundle
from concepts.results.concepts import begin_concept
from concepts.results.heads import head_of
from concepts.results.library import import_pictures
from concepts.results.scores import begin_scoring
from concepts.results.trained import train
from concepts.rooms import open_app
from concepts.settings import load_settings
from concepts.use_cases import Concept


def test_vectors_of_one_encoder_meet_none_of_another(
    concept: Concept, pictures: Path, tmp_path: Path
) -> None:
    bench = concept.app
    with pytest.raises(EncoderError, match="vectors of this library"):
        import_pictures(bench, [pictures], encoder="embedded").wait()
    answer_next(concept, 20)
    concept.begin(train).wait()
    write_bundle(concept, tmp_path / "bundle")
    bench.begin(reembed, f"local-dir:{make_tiny_open_clip(tmp_path / 'other', seed=1)}").wait()
    with pytest.raises(FingerprintMismatchError):
        write_bundle(concept, tmp_path / "again")
    with pytest.raises(FingerprintMismatchError):
        begin_scoring(bench, tmp_path / "bundle", [], tmp_path / "scores.csv").wait()
    assert concept.begin(train).wait().number == 2


def test_nothing_that_learns_ever_sees_the_evaluation_set_or_its_near_duplicates(concept: Concept) -> None:
    dataset = dataset_of(concept)
    reserved = dataset.reserved
    assert len(dataset.evaluation) == 18  # a fifth of 91
    concept.begin(mine, size=90).wait()
    concept.begin(annotate).wait()
    answer_next(concept, 18, "evaluation")
    for _ in range(20):
        assert not reserved & set(answer_next(concept, 5))
    dataset = dataset_of(concept)
    assert not reserved & set(dataset.candidates)
    assert not reserved & set(dataset.training.ids)
    assert next_pictures(concept, 5) == []


@pytest.mark.parametrize("right", [True, False])
def test_a_machines_labels_train_only_where_it_agreed(concept: Concept, right: bool) -> None:
    concept.begin(mine, size=90).wait()
    assert len(answer_next(concept, 30)) == 30
    collection = collection_of(concept.app)
    paths = collection.paths(collection.library.all_ids())
    rate(concept, {i: 5 if ("ellipse" in path) == right else 1 for i, path in paths.items()})
    concept.begin(train).wait()
    details = head_of(concept).details
    trained_on = {count["author_kind"] for count in details["labels"]}
    assert ("annotator" in trained_on) == right
    assert (details["machine"]["weight"] > 0) == right


def test_a_model_that_sees_no_pictures_is_not_asked_about_any(
    concept: Concept, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(monkeypatch) as model:
        model.sees = False
        concept.app.settings = load_settings()
        with pytest.raises(BlindModelError, match="doesn't see pictures"):
            concept.begin(annotate).wait()
    assert label_rows(concept) == []
    assert concept.begin(annotate, annotator="builtin").wait().annotated


@pytest.mark.labelled
def test_example_pictures_lend_their_words_to_the_queries(warm_home: Path, labelled_pictures: Path) -> None:
    folder = labelled_pictures / "grocery/images/train/Fruit/Lemon"
    bench = open_app(load_settings())
    import_pictures(bench, [folder], encoder="embedded").wait()
    examples = collection_of(bench).library.all_ids()[:3]
    begin_concept(bench, "Sour thing", "What makes you pull a face.", examples=examples)
    begin_concept(bench, "Sour thing, no examples", "What makes you pull a face.")
    searches = []
    for name in ("Sour thing", "Sour thing, no examples"):
        concept = bench.concept(name)
        concept.begin(propose).wait()
        searches.append({query.text for query in definition_of(concept).definition.queries})
    assert "lemon" in searches[0] - searches[1]
