"""What is in the trash is nowhere and comes back as it was; of an erased picture nothing is left."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from answering import answer
from at_once import at_once
from drawing import draw_folder

from concepts.errors import (
    ConflictError,
    UnknownError,
)
from concepts.labelling.contact_sheet import wall_pictures
from concepts.library.filters import PictureSelection
from concepts.workbench import Workbench

NAME, OTHER = "Round thing", "Square thing"
ME = "me"


def everything(bench: Workbench) -> set[str]:
    """Every picture that any list of the Workbench shows."""
    context = bench.context
    concept = context.concept(NAME)
    head = context.head(concept, None)
    dataset = context.dataset(concept)
    scores = context.library_scores(concept.id, head)
    assert scores is not None
    listed: list[list[str]] = [
        [p.id for p in bench.library.pictures(limit=200).pictures],
        [h.id for h in bench.library.search("a circle", n=200)],
        [
            h.id
            for h in bench.library.search(None, like=[bench.library.pictures(limit=1).pictures[0].id], n=200)
        ],
        [p.id for p in bench.library.pictures(PictureSelection(q="a circle"), 200).pictures],
        [p.id for p in bench.concept(NAME).labels.upcoming([], 100).pictures],
        [p.id for p in bench.concept(NAME).labels.next_pictures(100)],
        [p.id for p in bench.concept(NAME).labels.next_pictures(100, purpose="evaluation")],
        [p.id for p in bench.concept(NAME).labels.contact_sheet()],
        [p.id for p in wall_pictures(dataset, [])],
        list(dataset.candidates),
        list(dataset.evaluation),
        dataset.training.ids,
        list(dataset.decisions),
        list(bench.concept(NAME).labels.decisions()),
        [e.picture_id for e in context.log.standing(concept.id)],
        list(scores.probability.ids),
        context.collection.library.all_ids(),
        list(context.collection.index().ids),
    ]
    return {picture for some in listed for picture in some}


@pytest.fixture
def three(trained: Workbench) -> list[str]:
    """One that was answered to learn from, one that measures, and one nobody has said anything of."""
    dataset = trained.context.dataset(trained.context.concept(NAME))
    answered = sorted(dataset.answers)[0]
    measures = sorted(dataset.evaluation)[0]
    other = sorted(set(dataset.index.ids) - dataset.decisions.keys() - dataset.evaluation.keys())[0]
    return [answered, measures, other]


def test_a_picture_in_the_trash_is_shown_asked_and_counted_nowhere_until_it_is_restored(
    trained: Workbench, three: list[str]
) -> None:
    trained.concept(NAME).definition.mine().wait()
    before, counted = everything(trained), trained.concept(NAME).labels.count()
    assert set(three) <= before
    assert trained.trash.put(pictures=[*three], author=ME).ids == three
    assert everything(trained) == before - set(three)
    assert trained.concept(NAME).labels.count().answers < counted.answers
    assert trained.library.info().in_bin == 3
    with pytest.raises(UnknownError):
        trained.library.picture(three[0])
    with pytest.raises(UnknownError):
        trained.concept(NAME).labels.give(three[2], "yes", author=ME, key="late")
    trained.trash.restore(pictures=[*three], author=ME)
    assert everything(trained) == before
    assert trained.concept(NAME).labels.count() == counted


def test_files_are_written_and_sent_without_what_is_in_the_trash(
    trained: Workbench, three: list[str], tmp_path: Path
) -> None:
    trained.trash.put(pictures=[*three], author=ME)
    for what in ("answers", "both"):
        out = tmp_path / f"{what}.csv"
        trained.concept(NAME).label_exports.write("csv", out, what=what)  # type: ignore[arg-type]
        assert not [i for i in three if i in out.read_text()]


def test_a_version_can_be_trained_and_measured_with_pictures_in_the_trash(
    trained: Workbench, three: list[str]
) -> None:
    trained.trash.put(pictures=[*three], author=ME)
    (asked,) = trained.concept(NAME).labels.next_pictures(1)  # without a new label, training makes no version
    trained.concept(NAME).labels.give(asked.id, "no", author=ME)
    assert trained.concept(NAME).versions.train().wait().version == 2


def test_figures_say_that_they_were_measured_on_pictures_that_are_removed(trained: Workbench) -> None:
    measuring = [p.id for p in trained.concept(NAME).labels.next_pictures(30, purpose="evaluation")]
    answer(trained, NAME, measuring)
    trained.concept(NAME).versions.measure()
    assert trained.concept(NAME).versions.quality().removed == 0
    trained.trash.put(pictures=[*measuring[:3]], author=ME)
    assert trained.concept(NAME).versions.quality().removed == 3
    trained.trash.restore(pictures=[*measuring[:1]], author=ME)
    trained.trash.empty(author=ME).wait()
    assert trained.concept(NAME).versions.quality().removed == 2


def test_adding_the_folder_again_brings_nothing_back_and_says_so(
    trained: Workbench, pictures: Path, three: list[str], tmp_path: Path
) -> None:
    place = trained.library.picture(three[2]).places[0]
    trained.trash.put(pictures=[*three[2:]], author=ME)
    again = trained.library.add([pictures]).wait()
    assert (again.added, again.removed_before) == (0, 1)
    shutil.copy(place, tmp_path / "elsewhere.png")
    told: list[int] = []
    elsewhere = trained.library.add([tmp_path / "elsewhere.png"]).wait(
        lambda done, total, note: told.append(done)
    )
    assert max(told) == 1
    assert (elsewhere.added, elsewhere.duplicates, elsewhere.removed_before) == (0, 0, 1)
    assert trained.trash.restore(pictures=[place], author=ME).ids == three[2:]


def test_an_emptied_trash_leaves_no_byte_of_a_picture_but_its_own_file(
    trained: Workbench, three: list[str], pictures: Path
) -> None:
    collection, home = trained.context.collection, trained.context.settings.home
    for picture in three:
        trained.context.renditions.read(picture)
    vectors = collection.index().vectors(three).astype(np.float16)
    needles = [*(i.encode() for i in three), *(vector.tobytes() for vector in vectors)]
    assert all(found_in(home, needle) for needle in needles)
    kept = everything(trained) - set(three)
    sequence = trained.context.log.last_sequence(trained.context.concept(NAME).id)
    trained.trash.put(pictures=[*three], author=ME)
    report = trained.trash.empty(author=ME).wait()
    assert (report.pictures, report.vectors, report.thumbnails, report.places) == (3, 3, 3, 3)
    assert (report.labels, report.drawn) == (1, 1)
    assert report.freed > 0
    assert everything(trained) == kept
    assert trained.context.log.last_sequence(trained.context.concept(NAME).id) == sequence
    assert trained.upkeep.check().wait().is_whole
    trained.close()
    left = {needle: found_in(home, needle) for needle in needles}
    assert {name for names in left.values() for name in names} <= {
        "discern.sqlite"
    }  # lists of ids: walls, jobs
    assert not [names for needle, names in left.items() if needle in needles[3:] and names]
    assert len(list(pictures.glob("*.*"))) == 92


def test_a_collection_counts_without_the_trash_and_lets_go_of_what_is_gone_for_good(
    trained: Workbench, three: list[str]
) -> None:
    rest = sorted(everything(trained) - set(three))[:4]
    made = trained.collections.make("By hand", [*three, *rest], author=ME)
    trained.trash.put(pictures=[*three], author=ME)
    assert trained.collections.get(made.id).pictures == 4
    trained.trash.restore(pictures=[*three[:1]], author=ME)
    assert trained.collections.get(made.id).pictures == 5
    trained.trash.empty(author=ME).wait()
    assert trained.collections.get(made.id).pictures == 5
    assert {p.id for p in trained.collections.pictures(made.id, 100)} == {three[0], *rest}
    newest = trained.collections.get(made.id).changes[0]
    assert (newest.deed, newest.pictures, newest.remaining) == ("gone", 2, 5)


@pytest.mark.parametrize("refuse", [True, False])
def test_what_is_gone_for_good_comes_in_again_only_where_that_was_not_refused(
    trained: Workbench, pictures: Path, three: list[str], refuse: bool
) -> None:
    trained.trash.put(pictures=[*three[2:]], author=ME)
    trained.trash.empty(author=ME, refuse=refuse).wait()
    again = trained.library.add([pictures]).wait()
    assert (again.added, again.removed_before) == ((0, 1) if refuse else (1, 0))


def test_an_upload_that_is_gone_for_good_is_gone_from_the_folder_of_uploads(
    open_bench: Callable[[], Workbench], pictures: Path
) -> None:
    from PIL import Image

    bench = open_bench()
    uploads = bench.context.uploads
    batch = bench.context.settings.home / "uploads" / uploads.begin()
    batch.mkdir(parents=True)
    Image.effect_noise((50, 40), 90).convert("RGB").save(batch / "own.png")
    assert bench.library.add([batch]).wait().added == 1
    bench.trash.put(pictures=[str(batch / "own.png")], author=ME)
    assert bench.trash.empty(author=ME).wait().uploads == 1
    assert not (batch / "own.png").exists()


def test_a_picture_that_is_restored_while_the_trash_is_emptied_is_kept_whole(
    trained: Workbench, three: list[str]
) -> None:
    trained.trash.put(pictures=[*three], author=ME)

    def restore_one(done: int, total: int | None, note: str) -> None:
        if not done:
            trained.trash.restore(pictures=[three[0]], author=ME)

    assert trained.trash.empty(author=ME).wait(restore_one).pictures == 2
    assert trained.upkeep.check(repair=True).wait().left == 0
    assert trained.upkeep.check().wait().is_whole
    assert trained.library.picture(three[0]).labels


# Concepts, collections and rules


def test_a_concept_in_the_trash_is_out_of_everything_and_comes_back_as_it_was(trained: Workbench) -> None:
    bench = trained
    bench.concepts.begin(OTHER, "A filled rectangle.")
    job = bench.concept(NAME).versions.train().id
    before = bench.concept(NAME).definition.read()
    put = bench.trash.put(concept=NAME.upper(), author=ME)
    assert (put.ids, put.names) == ([f"id:{before.id}"], [NAME])
    assert [c.name for c in bench.concepts.all()] == list(bench.concepts.scales()) == [OTHER]
    assert bench.installation.job(job).state == "cancelled"
    assert not bench.concepts.steps_done(NAME)
    for name in (NAME, put.ids[0]):
        with pytest.raises(UnknownError, match="is in the trash"):
            bench.trash.put(concept=name, author=ME)
    bench.trash.empty(author=ME).wait()
    assert bench.trash.restore(concept=NAME, author=ME) == put
    assert bench.trash.restore(concept=put.ids[0], author=ME) == put  # again, which changes nothing
    assert bench.concept(NAME).definition.read() == before
    assert bench.trash.items() == []
    with pytest.raises(UnknownError):
        bench.trash.restore(concept="No such concept", author=ME)


def test_two_who_restore_at_once_both_have_it(bench: Workbench) -> None:
    put = bench.trash.put(concept=NAME, author=ME)
    assert at_once(2, lambda _: bench.trash.restore(concept=NAME, author=ME)) == [put, put]


def test_a_rule_in_the_trash_comes_back_as_it_was(trained: Workbench) -> None:
    kept = trained.rules.keep("Lonely ball", f"NOT {NAME}", author="ana")
    trained.trash.put(rule="lonely ball", author=ME)
    assert trained.rules.kept() == []
    with pytest.raises(UnknownError):
        trained.rules.tried("", kept="Lonely ball")
    with pytest.raises(UnknownError):
        trained.trash.put(rule="Lonely ball", author=ME)
    for _ in range(2):
        assert trained.trash.restore(rule="Lonely ball", author=ME).names == ["Lonely ball"]
    back = trained.rules.one("Lonely ball")
    assert (back.rule, back.members) == (kept.rule, kept.members)


def test_a_collection_in_the_trash_follows_nothing_until_it_is_restored(
    bench: Workbench, tmp_path: Path
) -> None:
    folder = draw_folder(tmp_path / "rooms", 2, 300)
    bench.library.add([folder]).wait()
    made = bench.collections.make("Rooms", folder=str(folder), author=ME)
    bench.concept(NAME).scope.set(["Rooms"], author=ME)
    bench.trash.put(collection="rooms", author=ME)
    draw_folder(folder / "new", 2, 700)
    bench.library.add([folder]).wait()
    assert bench.collections.get(made.id).pictures == bench.concept(NAME).scope.get().pictures == 2
    namesake = bench.collections.make("Rooms", [], author=ME)
    with pytest.raises(ConflictError):
        bench.trash.restore(collection=f"id:{made.id}", author=ME)
    bench.collections.rename(namesake.id, "Other rooms")
    assert bench.trash.restore(collection="Rooms", author=ME).ids == [f"id:{made.id}"]
    assert bench.collections.get("Rooms").pictures == 4
    with pytest.raises(UnknownError):
        bench.trash.restore(collection="Nothing", author=ME)


def test_the_list_says_what_comes_back_with_each(trained: Workbench, three: list[str]) -> None:
    bench = trained
    bench.collections.make("Some", three, author=ME)
    bench.rules.keep("No ball", f"NOT {NAME}", author=ME)
    labels, place = len(bench.concept(NAME).label_files.rows()), bench.library.picture(three[0]).places[0]
    bench.trash.put(pictures=[*three], author="ana")
    bench.trash.put(rule="No ball", author="ana")
    bench.trash.put(collection="Some", author="ana")
    bench.trash.put(concept=NAME, author="ana")
    concept, collection, rule, *pictures = bench.trash.items()
    assert (concept.kind, concept.name, concept.who, concept.versions) == ("concept", NAME, "", 1)
    assert concept.labels >= labels - 1
    assert (collection.kind, collection.name, collection.pictures) == ("collection", "Some", 3)
    assert (rule.kind, rule.id, rule.who, rule.versions) == ("rule", "No ball", "ana", 1)
    assert {(one.kind, one.who) for one in pictures} == {("picture", "ana")}
    assert {one.id: (one.name, one.labels) for one in pictures}[three[0]] == (place, 1)


def found_in(folder: Path, needle: bytes) -> list[str]:
    """Names of the files under a folder that hold these bytes, or are called so."""
    return [
        path.name
        for path in folder.rglob("*")
        if path.is_file() and (needle in path.read_bytes() or needle.decode("latin-1") in path.name)
    ]
