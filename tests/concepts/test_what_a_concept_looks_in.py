"""A concept looks in named collections: nothing outside is asked, mined, measured, ranked or counted."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from answering import answer_next
from beginning import begin_with_queued_draw
from drawing import draw_folder

from concepts.collaborator.annotations import annotate
from concepts.collaborator.rounds import ambiguities_of, find_ambiguities
from concepts.labelling.dataset import dataset_of
from concepts.labelling.labels import contact_sheet, label_count, label_grid, upcoming
from concepts.labelling.mining import mine, searches_of
from concepts.labelling.waves import draw_more_test_pictures, pictures_to_test_with
from concepts.library.collection import collection_of
from concepts.library.collections import look_in, looks_in, make_collection, pictures_in, rename_collection
from concepts.results.bundles import version_card
from concepts.results.certificates import ask_for_guarantee, guarantee_state
from concepts.results.concepts import concept_state, copy_concept
from concepts.results.label_exports import export_labels
from concepts.results.library import import_pictures
from concepts.results.measured_sample import sample
from concepts.results.review import looked_over_now, review_queue
from concepts.results.rules import pictures_by_rule, write_table_to
from concepts.results.scores import ranked_library, score_file, score_folder
from concepts.results.trained import list_versions, measure_again, train, version_quality
from concepts.rooms import open_app
from concepts.settings import load_settings
from concepts.use_cases import App, Concept
from storage.frames import Frame

NAME = "Round thing"
ME = "me"


@pytest.fixture(scope="module")
def made_halves(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> Path:
    """The home of a library with two folders of drawings, each a collection, and a concept that looks in the
    first one."""
    root = tmp_path_factory.mktemp("halves")
    draw_folder(root / "all", 160)
    for number, picture in enumerate(sorted((root / "all").iterdir())):
        folder = root / ("rooms" if number % 2 else "chairs")
        folder.mkdir(exist_ok=True)
        shutil.move(picture, folder / picture.name)
    bench = open_app(load_settings(home=root / "home"))
    import_pictures(bench, [root / "rooms", root / "chairs"], encoder=f"local-dir:{tiny_open_clip}").wait()
    for name in ("rooms", "chairs"):
        make_collection(bench, name.title(), folder=str(root / name), author=ME)
    begin_with_queued_draw(bench, NAME, "A filled ellipse, not a rectangle.")
    look_in(bench.concept(NAME), ["Rooms"], author=ME)
    bench.close()
    return root / "home"


@pytest.fixture
def bench(made_halves: Path, own_home: Path) -> App:
    shutil.copytree(made_halves, own_home)
    return open_app(load_settings())


def members(bench: App, name: str) -> set[str]:
    return {picture.id for picture in pictures_in(bench, name, 1000)}


def answered(concept: Concept, n: int) -> None:
    """n pictures to learn from and what measures up to the first figures."""
    answer_next(concept, n)
    while answer_next(concept, 10, "evaluation"):
        pass


@pytest.fixture(scope="module")
def made_trained(made_halves: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("trained in rooms") / "home"
    shutil.copytree(made_halves, home)
    bench = open_app(load_settings(home=home))
    concept = bench.concept(NAME)
    answered(concept, 16)
    concept.begin(train).wait()
    measure_again(concept)
    bench.close()
    return home


@pytest.fixture
def concept(made_trained: Path, own_home: Path) -> Concept:
    shutil.copytree(made_trained, own_home)
    return open_app(load_settings()).concept(NAME)


def asked(concept: Concept) -> Iterable[str]:
    found: list[str] = []
    while len(found) < 30:
        more = upcoming(concept, found, 8)
        found += [picture.id for picture in more.pictures]
        if not more.pictures and not more.thinking:
            break
    return found


def mined(concept: Concept) -> Iterable[str]:
    concept.begin(mine).wait()
    return concept.app.store.candidates(concept.id)


def annotated(concept: Concept) -> Iterable[str]:
    concept.begin(annotate, annotator="builtin").wait()
    return [one.picture_id for one in concept.app.store.annotations(concept.id)]


def in_the_grid(concept: Concept) -> Iterable[str]:
    found: list[str] = []
    for order in ("likely", "borderline", "unlikely", "query"):
        query = "a blue ellipse" if order == "query" else ""
        while (page := label_grid(concept, order, query=query, n=60)).thinking:
            pass
        found += [picture.id for picture in page.pictures]
    return found


def to_measure(concept: Concept) -> Iterable[str]:
    draw_more_test_pictures(concept, at_least=40)
    return concept.app.store.evaluation_pictures(concept.id)


def shown(concept: Concept) -> Iterable[str]:
    found = [picture for query in searches_of(concept, 20) for picture in query.found]
    return [picture.id for picture in (*found, *contact_sheet(concept))]


def scored(concept: Concept) -> Iterable[str]:
    pages = [ranked_library(concept, order, limit=500) for order in ("top", "bottom", "borderline")]
    assert all(page.total == 80 for page in pages)
    return [picture.id for page in pages for picture in page.pictures]


def certifying(concept: Concept) -> Iterable[str]:
    ask_for_guarantee(concept, 0.5, author=ME)
    return [*concept.app.store.certifying_pictures(concept.id), *asked(concept)]


def deliberated(concept: Concept) -> Iterable[str]:
    concept.begin(find_ambiguities).wait()
    return [i for one in ambiguities_of(concept) for i in one.pictures]


def reviewed(concept: Concept) -> Iterable[str]:
    looked = looked_over_now(concept.app.concept(NAME))
    assert looked.found
    return [row.id for row in (*looked.found, *review_queue(concept.app.concept(NAME)).rows)]


def exported(concept: Concept) -> Iterable[str]:
    out = concept.app.settings.home / f"scores of {looks_in(concept).number}.csv"
    export_labels(concept, "csv", out, what="scores")
    with out.open() as file:
        return [row["id"] for row in csv.DictReader(file)]


def scored_to_a_file(concept: Concept) -> Iterable[str]:
    number = list_versions(concept)[-1].number
    job = score_folder(concept, "", number, "csv").id
    concept.app.jobs.resume(job, None)
    with score_file(concept.app, job).open() as file:
        return [row["id"] for row in csv.DictReader(file)]


WAYS = (
    *(asked, mined, annotated, in_the_grid, to_measure, shown, scored, certifying),
    *(deliberated, reviewed, exported, scored_to_a_file),
)
KEPT: dict[Callable[[Concept], Iterable[str]], Callable[[Concept], Iterable[str]]] = {  # for good, as it was
    annotated: lambda concept: [one.picture_id for one in dataset_of(concept).annotations],
    certifying: lambda concept: pictures_to_test_with(concept),
}


@pytest.mark.parametrize("way", WAYS)
def test_no_way_to_pictures_leads_out_of_what_a_concept_looks_in_also_after_a_change(
    concept: Concept, way: Callable[[Concept], Iterable[str]]
) -> None:
    """What was found, drawn and kept before the change included."""
    before = set(way(concept))
    assert before
    assert before <= members(concept.app, "Rooms")
    look_in(concept, ["Chairs"], author=ME)
    assert set(KEPT.get(way, way)(concept)) <= members(concept.app, "Chairs")


def test_figures_keep_the_name_of_what_they_are_of(concept: Concept) -> None:
    before = version_quality(concept)
    assert (before.pictures, before.looks_in, before.elsewhere) == (80, "“Rooms”", "")
    looked = looks_in(concept)
    assert (looked.pictures, looked.library) == (80, 160)
    report = before.version.report
    assert "These figures are of 80 pictures in “Rooms”." in report.sentences
    rename_collection(concept.app, "Rooms", "Living rooms")
    look_in(concept, ["Chairs"], author=ME)
    after = version_quality(concept)
    assert after.elsewhere == (
        "These figures are of 80 pictures in “Rooms”. "
        "The concept searches “Chairs” now, which they don’t cover."
    )
    assert after.version.report == report
    assert after.elsewhere in version_card(concept)


def test_answers_from_elsewhere_teach_and_measure_only_where_the_concept_looks_there_again(
    concept: Concept,
) -> None:
    before = dataset_of(concept)
    measured = before.evaluation_labels()[0]
    assert measured
    look_in(concept, ["Chairs"], author=ME)
    elsewhere = dataset_of(concept)
    assert set(elsewhere.training.ids) == set(before.training.ids)
    assert elsewhere.evaluation_labels()[0] == []
    assert set(measured) <= elsewhere.reserved, "it teaches nothing meanwhile"
    count = label_count(concept)
    assert (count.measure, count.elsewhere) == (0, len(measured))
    look_in(concept, ["Rooms"], author=ME)
    assert dataset_of(concept).evaluation_labels()[0] == measured


def test_a_draw_from_everything_is_one_from_each_of_its_collections(bench: App) -> None:
    """Narrowed to a part, the answers in it go on to measure that part, and no other picture is covered."""
    concept, collection = bench.concept(NAME), collection_of(bench)
    look_in(concept, [], author=ME)
    answered(concept, 12)
    everything = sample(dataset_of(concept))
    collection.stored().write(["f" * 64], np.eye(1, collection.recorded().dimension))  # of no picture
    again = sample(dataset_of(concept))
    assert (list(again.groups), again.covered) == (list(everything.groups), everything.covered)
    look_in(concept, ["Chairs"], author=ME)
    dataset, inside = dataset_of(concept), members(bench, "Chairs")
    assert set(dataset.evaluation) == dataset.wave_of.keys() & inside
    answered(concept, 0)
    drawn = sample(dataset_of(concept))
    assert set(everything.ids) & inside <= set(drawn.ids) <= inside
    assert drawn.covered <= len(drawn.groups) <= 80
    assert sum(drawn.weights) == pytest.approx(drawn.covered, rel=0.35)


def test_a_wave_and_a_certifying_draw_remember_what_they_were_drawn_from(concept: Concept) -> None:
    waves = concept.app.store.waves(concept.id)
    assert {Frame.of(wave.looks_in).name for wave in waves} == {"“Rooms”"}
    ask_for_guarantee(concept, 0.5, author=ME)
    look_in(concept, ["Chairs"], author=ME)
    state = guarantee_state(concept)
    assert state.sentence.endswith("It was drawn from “Rooms”; the concept looks in “Chairs” now.")
    again = ask_for_guarantee(concept, 0.5, author=ME)
    assert "It was drawn from" not in again.sentence, "what can't be asked any more is drawn anew"


def test_a_duplicate_looks_in_the_same_collections(bench: App) -> None:
    copy_concept(bench, NAME, "Another", author=ME)
    assert looks_in(bench.concept("Another")).names == ["Rooms"]
    drawn = bench.store.evaluation_pictures(bench.concept("Another").id)
    assert drawn
    assert drawn.keys() <= members(bench, "Rooms")


def test_a_small_collection_is_judged_beside_the_whole_library_and_counted_as_it_is_listed(
    bench: App,
) -> None:
    concept, few = bench.concept(NAME), sorted(members(bench, "Rooms"))[:12]
    make_collection(bench, "Few", few, author=ME)
    look_in(concept, ["Few"], author=ME)
    concept.begin(annotate, annotator="builtin").wait()
    assert set() < {one.picture_id for one in bench.store.ratings(concept.id)} <= set(few)
    look_in(concept, ["Rooms"], author=ME)
    concept.begin(mine, size=30).wait()
    concept.begin(annotate, annotator="builtin").wait()
    before = concept_state(concept)
    look_in(concept, ["Few"], author=ME)
    view, dataset = concept_state(concept), dataset_of(concept)
    assert view.candidates == len(dataset.candidates) < before.candidates
    assert view.annotated == len({rating.picture_id for rating in dataset.ratings}) < before.annotated


def test_a_rule_and_the_table_of_all_scores_are_silent_where_a_concept_does_not_look(
    concept: Concept, tmp_path: Path
) -> None:
    bench, inside = concept.app, members(concept.app, "Rooms")
    copy_concept(bench, NAME, "Everywhere", with_labels=True, author=ME)
    look_in(bench.concept("Everywhere"), [], author=ME)
    bench.concept("Everywhere").begin(train).wait()
    tried = pictures_by_rule(bench, f'"{NAME}" AND "Everywhere"', limit=60)
    assert tried.total == 80
    assert {one.id for one in tried.pictures} <= inside
    write_table_to(bench, tmp_path / "all.csv").wait()
    with (tmp_path / "all.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["id"] for row in rows if row[f"{NAME}: decision"]} == inside
    assert len([row for row in rows if row["Everywhere: decision"]]) == len(rows) == 160
