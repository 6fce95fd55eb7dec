"""A concept looks in named collections: nothing outside is asked, mined, measured, ranked or counted."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from answering import answer
from beginning import begin_with_queued_draw
from drawing import draw_folder

from concepts.settings import load_settings
from concepts.workbench import Workbench
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
    bench = Workbench(load_settings(home=root / "home"))
    bench.library.add([root / "rooms", root / "chairs"], encoder=f"local-dir:{tiny_open_clip}").wait()
    for name in ("rooms", "chairs"):
        bench.collections.make(name.title(), folder=str(root / name), author=ME)
    begin_with_queued_draw(bench, NAME, "A filled ellipse, not a rectangle.")
    bench.concept(NAME).scope.set(["Rooms"], author=ME)
    bench.close()
    return root / "home"


@pytest.fixture
def bench(made_halves: Path, own_home: Path) -> Workbench:
    shutil.copytree(made_halves, own_home)
    return Workbench(load_settings())


def members(bench: Workbench, name: str) -> set[str]:
    return {picture.id for picture in bench.collections.pictures(name, 1000)}


def answered(bench: Workbench, n: int) -> None:
    """n pictures to learn from and what measures up to the first figures."""
    answer(bench, NAME, [picture.id for picture in bench.concept(NAME).labels.next_pictures(n)])
    while left := bench.concept(NAME).labels.next_pictures(10, purpose="evaluation"):
        answer(bench, NAME, [picture.id for picture in left])


@pytest.fixture(scope="module")
def made_trained(made_halves: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("trained in rooms") / "home"
    shutil.copytree(made_halves, home)
    bench = Workbench(load_settings(home=home))
    answered(bench, 16)
    bench.concept(NAME).versions.train().wait()
    bench.concept(NAME).versions.measure()
    bench.close()
    return home


@pytest.fixture
def trained(made_trained: Path, own_home: Path) -> Workbench:
    shutil.copytree(made_trained, own_home)
    return Workbench(load_settings())


def concept_id(bench: Workbench) -> int:
    return bench.context.concept(NAME).id


def asked(bench: Workbench) -> Iterable[str]:
    found: list[str] = []
    while len(found) < 30:
        upcoming = bench.concept(NAME).labels.upcoming(found, 8)
        found += [picture.id for picture in upcoming.pictures]
        if not upcoming.pictures and not upcoming.thinking:
            break
    return found


def mined(bench: Workbench) -> Iterable[str]:
    bench.concept(NAME).definition.mine().wait()
    return bench.context.store.candidates(concept_id(bench))


def annotated(bench: Workbench) -> Iterable[str]:
    bench.concept(NAME).annotations.annotate(annotator="builtin").wait()
    return [one.picture_id for one in bench.context.store.annotations(concept_id(bench))]


def in_the_grid(bench: Workbench) -> Iterable[str]:
    found: list[str] = []
    for order in ("likely", "borderline", "unlikely"):
        while (page := bench.concept(NAME).labels.grid(order, n=60)).thinking:  # type: ignore[arg-type]
            pass
        found += [picture.id for picture in page.pictures]
    while (page := bench.concept(NAME).labels.grid("query", query="a blue ellipse", n=60)).thinking:
        pass
    return [*found, *(picture.id for picture in page.pictures)]


def on_a_wall(bench: Workbench) -> Iterable[str]:
    return [picture.id for picture in bench.concept(NAME).labels.contact_sheet()]


def to_measure(bench: Workbench) -> Iterable[str]:
    bench.context.draw_more(bench.context.concept(NAME), at_least=40)
    return bench.context.store.evaluation_pictures(concept_id(bench))


def searched(bench: Workbench) -> Iterable[str]:
    view = bench.concept(NAME).definition.queries(20)
    return [picture.id for query in view for picture in query.found]


ALWAYS: dict[str, Callable[[Workbench], Iterable[str]]] = {
    "questions": asked,
    "mining": mined,
    "the machine": annotated,
    "grids": in_the_grid,
    "walls": on_a_wall,
    "waves": to_measure,
    "searches": searched,
}


def scored(bench: Workbench) -> Iterable[str]:
    pages = [
        bench.concept(NAME).scores.ranked(order, limit=500)  # type: ignore[arg-type]
        for order in ("top", "bottom", "borderline")
    ]
    assert all(page.total == 80 for page in pages)
    return [picture.id for page in pages for picture in page.pictures]


def certifying(bench: Workbench) -> Iterable[str]:
    bench.concept(NAME).certificates.begin(0.5, author=ME)
    return [*bench.context.store.certifying_pictures(concept_id(bench)), *asked(bench)]


def deliberated(bench: Workbench) -> Iterable[str]:
    bench.concept(NAME).deliberations.find().wait()
    return [i for one in bench.concept(NAME).deliberations.ambiguities() for i in one.pictures]


def reviewed(bench: Workbench) -> Iterable[str]:
    looked = bench.review.current(NAME)
    assert looked.found
    return [row.id for row in (*looked.found, *bench.review.queue(NAME).rows)]


def exported(bench: Workbench) -> Iterable[str]:
    out = bench.context.settings.home / f"scores of {bench.concept(NAME).scope.get().number}.csv"
    bench.concept(NAME).label_exports.write("csv", out, what="scores")
    with out.open() as file:
        return [row["id"] for row in csv.DictReader(file)]


def scored_to_a_file(bench: Workbench) -> Iterable[str]:
    number = bench.concept(NAME).versions.all()[-1].number
    job = bench.concept(NAME).scores.score_files("", number, "csv").id
    bench.jobs.resume(job, None)
    with bench.scoring.file(job).open() as file:
        return [row["id"] for row in csv.DictReader(file)]


TRAINED: dict[str, Callable[[Workbench], Iterable[str]]] = {
    "library scores": scored,
    "a certifying draw": certifying,
    "deliberation": deliberated,
    "the review queue": reviewed,
    "exported scores": exported,
    "a file of scores": scored_to_a_file,
}


@pytest.mark.parametrize("way", ALWAYS)
def test_no_way_to_pictures_leads_out_of_what_a_concept_looks_in(bench: Workbench, way: str) -> None:
    found = set(ALWAYS[way](bench))
    assert found
    assert found <= members(bench, "Rooms")


@pytest.mark.parametrize("way", [*ALWAYS, *TRAINED])
def test_after_a_change_no_way_leads_to_where_it_looked_before(trained: Workbench, way: str) -> None:
    """What was found, drawn and kept before the change included."""
    ways = ALWAYS | TRAINED
    before = set(ways[way](trained))
    assert before
    assert before <= members(trained, "Rooms")
    trained.concept(NAME).scope.set(["Chairs"], author=ME)
    inside = members(trained, "Chairs")
    kept = {  # what is kept for good, as it was
        "the machine": lambda bench: [
            one.picture_id for one in bench.context.dataset(bench.context.concept(NAME)).annotations
        ],
        "a certifying draw": lambda bench: bench.context.to_answer(bench.context.concept(NAME)),
    }
    found = set(kept.get(way, ways[way])(trained))
    assert found <= inside


def test_figures_keep_the_name_of_what_they_are_of(trained: Workbench) -> None:
    before = trained.concept(NAME).versions.quality()
    assert before.elsewhere == ""
    report = before.version.report
    assert report is not None
    assert "These figures are of 80 pictures in “Rooms”." in report.sentences
    trained.collections.rename("Rooms", "Living rooms")
    trained.concept(NAME).scope.set(["Chairs"], author=ME)
    after = trained.concept(NAME).versions.quality()
    assert after.elsewhere == (
        "These figures are of 80 pictures in “Rooms”. "
        "The concept searches “Chairs” now, which they don’t cover."
    )
    assert after.version.report == report
    assert after.elsewhere in trained.concept(NAME).exports.card()


def test_answers_from_elsewhere_teach_and_do_not_measure(trained: Workbench) -> None:
    dataset = trained.context.dataset(trained.context.concept(NAME))
    taught, measured = set(dataset.training.ids), len(dataset.evaluation_labels()[0])
    assert measured
    trained.concept(NAME).scope.set(["Chairs"], author=ME)
    dataset = trained.context.dataset(trained.context.concept(NAME))
    assert set(dataset.training.ids) == taught
    assert dataset.evaluation_labels()[0] == []
    count = trained.concept(NAME).labels.count()
    assert (count.measure, count.elsewhere) == (0, measured)


def test_what_measured_before_measures_again_where_the_concept_looks_there_again(trained: Workbench) -> None:
    concept = trained.context.concept(NAME)
    before = trained.context.dataset(concept).evaluation_labels()[0]
    trained.concept(NAME).scope.set(["Chairs"], author=ME)
    reserved = trained.context.dataset(concept).reserved
    assert set(before) <= reserved, "it teaches nothing meanwhile"
    trained.concept(NAME).scope.set(["Rooms"], author=ME)
    assert trained.context.dataset(concept).evaluation_labels()[0] == before


def test_a_vector_of_no_picture_stands_for_nothing(bench: Workbench) -> None:
    """Some are left over for a moment while the bin is emptied."""
    from concepts.classifier.measured_sample import sample

    collection = bench.context.collection
    bench.concept(NAME).scope.set([], author=ME)
    answered(bench, 12)
    concept = bench.context.concept(NAME)
    before = sample(bench.context.dataset(concept))
    collection.stored().write(["f" * 64], np.eye(1, collection.recorded().dimension))
    after = sample(bench.context.dataset(concept))
    assert list(after.groups) == list(before.groups)
    assert after.covered == before.covered


def test_a_draw_from_everything_is_one_from_each_of_its_collections(bench: Workbench) -> None:
    """Narrowed to a part, the answers in it go on to measure that part, and no other picture is covered."""
    from concepts.classifier.measured_sample import sample

    bench.concept(NAME).scope.set([], author=ME)
    answered(bench, 12)
    concept = bench.context.concept(NAME)
    everything = sample(bench.context.dataset(concept))
    bench.concept(NAME).scope.set(["Chairs"], author=ME)
    dataset = bench.context.dataset(concept)
    part = [i for i in everything.ids if i in members(bench, "Chairs")]
    assert set(dataset.evaluation) == dataset.wave_of.keys() & members(bench, "Chairs")
    answered(bench, 0)
    drawn = sample(bench.context.dataset(concept))
    assert set(part) <= set(drawn.ids) <= members(bench, "Chairs")
    assert drawn.covered <= len(drawn.groups) <= 80
    assert sum(drawn.weights) == pytest.approx(drawn.covered, rel=0.35)


def test_a_wave_and_a_certifying_draw_remember_what_they_were_drawn_from(trained: Workbench) -> None:
    waves = trained.context.store.waves(concept_id(trained))
    assert {Frame.of(wave.looks_in).name for wave in waves} == {"“Rooms”"}
    trained.concept(NAME).certificates.begin(0.5, author=ME)
    trained.concept(NAME).scope.set(["Chairs"], author=ME)
    state = trained.concept(NAME).certificates.state()
    assert state is not None
    assert state.sentence.endswith("It was drawn from “Rooms”; the concept looks in “Chairs” now.")
    again = trained.concept(NAME).certificates.begin(0.5, author=ME)
    assert "It was drawn from" not in again.sentence, "what can't be asked any more is drawn anew"


def test_a_duplicate_looks_in_the_same_collections(bench: Workbench) -> None:
    bench.concepts.copy(NAME, "Another", author=ME)
    assert bench.concept("Another").scope.get().names == ["Rooms"]
    drawn = bench.context.store.evaluation_pictures(bench.context.concept("Another").id)
    assert drawn
    assert drawn.keys() <= members(bench, "Rooms")


def test_counts_are_of_what_is_looked_in(trained: Workbench) -> None:
    quality = trained.concept(NAME).versions.quality()
    assert (quality.pictures, quality.looks_in) == (80, "“Rooms”")
    looked = trained.concept(NAME).scope.get()
    assert (looked.pictures, looked.library) == (80, 160)


def test_candidates_and_what_a_machine_looked_at_are_counted_as_they_are_listed(bench: Workbench) -> None:
    bench.concept(NAME).definition.mine(size=30).wait()
    bench.concept(NAME).annotations.annotate(annotator="builtin").wait()
    before = bench.concept(NAME).definition.read()
    bench.collections.make("Few", sorted(members(bench, "Rooms"))[:12], author=ME)
    bench.concept(NAME).scope.set(["Few"], author=ME)
    view, dataset = bench.concept(NAME).definition.read(), bench.context.dataset(bench.context.concept(NAME))
    assert (view.candidates, view.annotated) == (
        len(dataset.candidates),
        len({rating.picture_id for rating in dataset.ratings}),
    )
    assert view.candidates < before.candidates
    assert view.annotated < before.annotated


def test_a_small_collection_is_judged_beside_the_whole_library(bench: Workbench) -> None:
    few = sorted(members(bench, "Rooms"))[:12]
    bench.collections.make("Few", few, author=ME)
    bench.concept(NAME).scope.set(["Few"], author=ME)
    bench.concept(NAME).annotations.annotate(annotator="builtin").wait()
    said = bench.context.store.annotations(concept_id(bench))
    assert said
    assert {one.picture_id for one in said} <= set(few)


def test_a_rule_says_something_of_what_all_of_its_concepts_look_in(trained: Workbench) -> None:
    trained.concepts.copy(NAME, "Everywhere", with_labels=True, author=ME)
    trained.concept("Everywhere").scope.set([], author=ME)
    trained.concept("Everywhere").versions.train().wait()
    tried = trained.rules.tried(f'"{NAME}" AND "Everywhere"', limit=60)
    assert tried.total == 80
    assert {one.id for one in tried.pictures} <= members(trained, "Rooms")


def test_the_table_of_all_scores_is_silent_where_a_concept_does_not_look(
    trained: Workbench, tmp_path: Path
) -> None:
    trained.rules.write_table_to(tmp_path / "all.csv").wait()
    with (tmp_path / "all.csv").open(newline="") as file:
        said = {row["id"]: row[f"{NAME}: decision"] for row in csv.DictReader(file)}
    assert len(said) == 160
    assert {picture for picture, decision in said.items() if decision} == members(trained, "Rooms")
