"""A picture in the bin is nowhere; put back it is as before; emptied out of it, nothing is left of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from answering import answer

from concepts.candidates.grid import wall_pictures
from concepts.errors import UnknownPictureError
from concepts.library.choosing import Chosen
from concepts.workbench import Workbench
from storage.labels import Author

NAME = "Round thing"
ME = "me"


def everything(bench: Workbench) -> set[str]:
    """Every picture that any list of the Workbench shows."""
    context = bench.context
    concept = context.concept(NAME)
    head = context.head(concept, None)
    material = context.material(concept)
    scores = context.library_scores(concept.id, head)
    assert scores is not None
    listed: list[list[str]] = [
        [p.id for p in bench.pictures.newest(200)],
        [h.id for h in bench.pictures.search("a circle", n=200)],
        [h.id for h in bench.pictures.search(None, like=[bench.pictures.newest(1)[0].id], n=200)],
        [p.id for p in bench.browsing.page(Chosen(q="a circle"), 200).pictures],
        [p.id for p in bench.answers.upcoming(NAME, [], 100).pictures],
        [p.id for p in bench.answers.next_pictures(NAME, 100)],
        [p.id for p in bench.answers.next_pictures(NAME, 100, purpose="evaluation")],
        [p.id for p in bench.answers.wall(NAME)],
        [p.id for p in wall_pictures(material, context.collection, [])],
        list(material.candidates),
        list(material.evaluation),
        material.training.ids,
        list(material.decisions),
        list(bench.answers.decisions(NAME)),
        [e.picture_id for e in context.log.standing(concept.id)],
        list(scores.probability.ids),
        context.collection.library.all_ids(),
        list(context.collection.index().ids),
    ]
    return {picture for some in listed for picture in some}


@pytest.fixture
def three(trained: Workbench) -> list[str]:
    """One that was answered to learn from, one that measures, and one nobody has said anything of."""
    material = trained.context.material(trained.context.concept(NAME))
    answered = sorted(material.answers)[0]
    measures = sorted(material.evaluation)[0]
    other = sorted(set(material.index.ids) - material.decisions.keys() - material.evaluation.keys())[0]
    return [answered, measures, other]


def test_what_is_in_the_bin_is_shown_asked_and_counted_nowhere_until_it_is_put_back(
    trained: Workbench, three: list[str]
) -> None:
    trained.definitions.mine(NAME)
    before, counted = everything(trained), trained.answers.count(NAME)
    assert set(three) <= before
    assert trained.removing.remove(three, author=ME).pictures == three
    assert everything(trained) == before - set(three)
    assert trained.answers.count(NAME).answers < counted.answers
    assert trained.pictures.library_info().in_bin == 3
    with pytest.raises(UnknownPictureError):
        trained.pictures.picture(three[0])
    with pytest.raises(UnknownPictureError):
        trained.answers.label(NAME, three[2], "yes", author=Author(ME), key="late")
    trained.removing.put_back(three, author=ME)
    assert everything(trained) == before
    assert trained.answers.count(NAME) == counted


def test_files_are_written_and_sent_without_what_is_in_the_bin(
    trained: Workbench, three: list[str], tmp_path: Path
) -> None:
    trained.removing.remove(three, author=ME)
    for what in ("answers", "both"):
        out = tmp_path / f"{what}.csv"
        trained.label_exports.write(NAME, "csv", out, what=what)  # type: ignore[arg-type]
        assert not [i for i in three if i in out.read_text()]


def test_a_version_can_be_trained_and_measured_with_pictures_in_the_bin(
    trained: Workbench, three: list[str]
) -> None:
    trained.removing.remove(three, author=ME)
    assert trained.versions.train(NAME).number == 2


def test_figures_say_that_they_were_measured_on_pictures_that_are_removed(trained: Workbench) -> None:
    measuring = [p.id for p in trained.answers.next_pictures(NAME, 30, purpose="evaluation")]
    answer(trained, NAME, measuring)
    trained.versions.evaluate(NAME)
    assert trained.versions.quality(NAME).removed == 0
    trained.removing.remove(measuring[:3], author=ME)
    assert trained.versions.quality(NAME).removed == 3
    trained.removing.put_back(measuring[:1], author=ME)
    trained.removing.empty_bin(author=ME)
    assert trained.versions.quality(NAME).removed == 2


def test_adding_the_folder_again_brings_nothing_back_and_says_so(
    trained: Workbench, pictures: Path, three: list[str], tmp_path: Path
) -> None:
    place = trained.pictures.picture(three[2]).places[0]
    trained.removing.remove(three[2:], author=ME)
    again = trained.pictures.add_pictures([pictures])
    assert (again.added, again.removed_before) == (0, 1)
    shutil.copy(place, tmp_path / "elsewhere.png")
    told: list[int] = []
    elsewhere = trained.pictures.add_pictures(
        [tmp_path / "elsewhere.png"], listener=lambda done, total, note: told.append(done)
    )
    assert max(told) == 1
    assert (elsewhere.added, elsewhere.duplicates, elsewhere.removed_before) == (0, 0, 1)
    assert trained.removing.put_back([place], author=ME).pictures == three[2:]


def test_an_emptied_bin_leaves_no_byte_of_a_picture_but_its_own_file(
    trained: Workbench, three: list[str], pictures: Path
) -> None:
    collection, home = trained.context.collection, trained.context.settings.home
    for picture in three:
        trained.pictures.rendition(picture)
    vectors = collection.index().vectors(three).astype(np.float16)
    needles = [*(i.encode() for i in three), *(vector.tobytes() for vector in vectors)]
    assert all(found_in(home, needle) for needle in needles)
    kept = everything(trained) - set(three)
    sequence = trained.context.log.last_sequence(trained.context.concept(NAME).id)
    trained.removing.remove(three, author=ME)
    report = trained.removing.empty_bin(author=ME)
    assert (report.pictures, report.vectors, report.thumbnails, report.places) == (3, 3, 3, 3)
    assert (report.labels, report.drawn) == (1, 1)
    assert report.freed > 0
    assert everything(trained) == kept
    assert trained.context.log.last_sequence(trained.context.concept(NAME).id) == sequence
    assert trained.pictures.check_library().is_whole
    trained.close()
    left = {needle: found_in(home, needle) for needle in needles}
    assert {name for names in left.values() for name in names} <= {
        "discern.sqlite"
    }  # lists of ids: walls, jobs
    assert not [names for needle, names in left.items() if needle in needles[3:] and names]
    assert len(list(pictures.glob("*.*"))) == 92


def test_a_collection_counts_without_the_bin_and_lets_go_of_what_is_gone_for_good(
    trained: Workbench, three: list[str]
) -> None:
    rest = sorted(everything(trained) - set(three))[:4]
    made = trained.collections.from_pictures("By hand", [*three, *rest], author=ME)
    trained.removing.remove(three, author=ME)
    assert trained.collections.get(made.id).pictures == 4
    trained.removing.put_back(three[:1], author=ME)
    assert trained.collections.get(made.id).pictures == 5
    trained.removing.empty_bin(author=ME)
    assert trained.collections.get(made.id).pictures == 5
    assert {p.id for p in trained.collections.pictures(made.id, 100)} == {three[0], *rest}
    newest = trained.collections.changes(made.id)[0]
    assert (newest.deed, newest.pictures, newest.remaining) == ("gone", 2, 5)


@pytest.mark.parametrize("refuse", [True, False])
def test_what_is_gone_for_good_comes_in_again_only_where_that_was_not_refused(
    trained: Workbench, pictures: Path, three: list[str], refuse: bool
) -> None:
    trained.removing.remove(three[2:], author=ME)
    trained.removing.empty_bin(author=ME, refuse=refuse)
    again = trained.pictures.add_pictures([pictures])
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
    assert bench.pictures.add_pictures([batch]).added == 1
    bench.removing.remove([str(batch / "own.png")], author=ME)
    assert bench.removing.empty_bin(author=ME).uploads == 1
    assert not (batch / "own.png").exists()


def test_the_bin_lists_what_was_removed_last_first(trained: Workbench, three: list[str]) -> None:
    for picture in three:
        trained.removing.remove([picture], author="ana")
    first = trained.removing.bin(2)
    assert [p.id for p in first.pictures] == three[:0:-1]
    assert {p.author for p in first.pictures} == {"ana"}
    assert [p.id for p in trained.removing.bin(2, first.older).pictures] == three[:1]
    assert first.count == 3


def found_in(folder: Path, needle: bytes) -> list[str]:
    """Names of the files under a folder that hold these bytes, or are called so."""
    return [
        path.name
        for path in folder.rglob("*")
        if path.is_file() and (needle in path.read_bytes() or needle.decode("latin-1") in path.name)
    ]
