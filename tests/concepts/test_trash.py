"""What is in the trash is nowhere and comes back as it was; of an erased picture nothing is left."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from answering import answer_next
from at_once import at_once
from drawing import draw_folder

from concepts.errors import ConflictError, UnknownError
from concepts.installation.jobs import job_state
from concepts.labelling.contact_sheet import wall_pictures
from concepts.labelling.dataset import dataset_of
from concepts.labelling.label_files import label_rows
from concepts.labelling.labels import (
    contact_sheet,
    decisions_of,
    give_label,
    label_count,
    next_pictures,
    upcoming,
)
from concepts.labelling.mining import mine
from concepts.library.collection import collection_of
from concepts.library.collections import (
    look_in,
    looks_in,
    make_collection,
    pictures_in,
    rename_collection,
    show_collection,
)
from concepts.library.filters import PictureSelection
from concepts.results.concepts import begin_concept, concept_state, list_scales
from concepts.results.heads import head_of, scores_of
from concepts.results.label_exports import export_labels
from concepts.results.library import (
    browse,
    import_pictures,
    library_info,
    look_after,
    picture_detail,
    search_library,
)
from concepts.results.overview import list_concepts, steps_done
from concepts.results.rules import keep_rule, kept_rule
from concepts.results.trained import measure_again, train, version_quality
from concepts.results.trash import empty_trash, list_trash, put_into_trash, restore
from concepts.use_cases import App
from storage import dialects
from storage.errors import StorageError

NAME, OTHER = "Round thing", "Square thing"
ME = "me"
HEADER = "id,path,score,decision\n"


def everything(bench: App) -> set[str]:
    """Every picture that any list shows."""
    context, handle = bench, bench.concept(NAME)
    concept = context.concept(NAME).row
    dataset = dataset_of(context.concept_of(concept.id))
    scores = scores_of(context.concept_of(concept.id), head_of(context.concept_of(concept.id)))
    newest = browse(context, limit=1).pictures[0].id
    shown = [
        *browse(context, limit=200).pictures,
        *search_library(context, "a circle", n=200),
        *search_library(context, None, like=[newest], n=200),
        *browse(context, PictureSelection(q="a circle"), 200).pictures,
        *upcoming(handle, [], 100).pictures,
        *next_pictures(handle, 100),
        *next_pictures(handle, 100, purpose="evaluation"),
        *contact_sheet(handle),
        *wall_pictures(dataset, []),
    ]
    return {
        *(picture.id for picture in shown),
        *dataset.candidates,
        *dataset.evaluation,
        *dataset.training.ids,
        *dataset.decisions,
        *decisions_of(handle),
        *(event.picture_id for event in context.log.standing(concept.id)),
        *scores.probability.ids,
        *collection_of(context).library.all_ids(),
        *collection_of(context).index().ids,
    }


@pytest.fixture
def three(trained: App) -> list[str]:
    """One that was answered to learn from, one that measures, and one nobody has said anything of."""
    dataset = dataset_of(trained.concept(NAME))
    answered = sorted(dataset.answers)[0]
    measures = sorted(dataset.evaluation)[0]
    other = sorted(set(dataset.index.ids) - dataset.decisions.keys() - dataset.evaluation.keys())[0]
    return [answered, measures, other]


def test_a_picture_in_the_trash_is_shown_asked_counted_and_exported_nowhere_until_it_is_restored(
    trained: App, three: list[str], tmp_path: Path
) -> None:
    concept = trained.concept(NAME)
    concept.begin(mine).wait()
    before, counted = everything(trained), label_count(concept)
    assert set(three) <= before
    assert put_into_trash(trained, pictures=[*three], author=ME).ids == three
    assert everything(trained) == before - set(three)
    assert label_count(concept).answers < counted.answers
    assert library_info(trained).in_bin == 3
    with pytest.raises(UnknownError):
        picture_detail(trained, three[0])
    with pytest.raises(UnknownError):
        give_label(concept, three[2], "yes", author=ME, key="late")
    for what in ("answers", "both"):
        out = tmp_path / f"{what}.csv"
        export_labels(concept, "csv", out, what=what)
        assert not [i for i in three if i in out.read_text()]
    restore(trained, pictures=[*three], author=ME)
    assert everything(trained) == before
    assert label_count(concept) == counted


def test_a_version_can_be_trained_and_measured_with_pictures_in_the_trash(
    trained: App, three: list[str]
) -> None:
    put_into_trash(trained, pictures=[*three], author=ME)
    (asked,) = next_pictures(trained.concept(NAME), 1)  # without a new label, training makes no version
    give_label(trained.concept(NAME), asked.id, "no", author=ME)
    assert trained.concept(NAME).begin(train).wait().version == 2


def test_figures_say_that_they_were_measured_on_pictures_that_are_removed(trained: App) -> None:
    concept = trained.concept(NAME)
    measuring = answer_next(concept, 30, "evaluation")
    measure_again(concept)
    assert version_quality(concept).removed == 0
    put_into_trash(trained, pictures=measuring[:3], author=ME)
    assert version_quality(concept).removed == 3
    restore(trained, pictures=measuring[:1], author=ME)
    trained.begin(empty_trash, author=ME).wait()
    assert version_quality(concept).removed == 2


def test_adding_the_folder_again_brings_nothing_back_and_says_so(
    trained: App, pictures: Path, three: list[str], tmp_path: Path
) -> None:
    place = picture_detail(trained, three[2]).places[0]
    put_into_trash(trained, pictures=[*three[2:]], author=ME)
    again = import_pictures(trained, [pictures]).wait()
    assert (again.added, again.removed_before) == (0, 1)
    shutil.copy(place, tmp_path / "elsewhere.png")
    told: list[int] = []
    adding = import_pictures(trained, [tmp_path / "elsewhere.png"])
    elsewhere = adding.wait(lambda done, total, note: told.append(done))
    assert max(told) == 1
    assert (elsewhere.added, elsewhere.duplicates, elsewhere.removed_before) == (0, 0, 1)
    assert restore(trained, pictures=[place], author=ME).ids == three[2:]


def test_a_collection_counts_without_the_trash_and_lets_go_of_what_is_gone_for_good(
    trained: App, three: list[str]
) -> None:
    rest = sorted(everything(trained) - set(three))[:4]
    made = make_collection(trained, "By hand", [*three, *rest], author=ME)
    put_into_trash(trained, pictures=[*three], author=ME)
    assert show_collection(trained, made.id).pictures == 4
    restore(trained, pictures=[*three[2:]], author=ME)
    report = trained.begin(empty_trash, author=ME).wait()
    assert (report.labels, report.drawn) == (1, 1)
    assert report.freed > 0
    after = show_collection(trained, made.id)
    assert after.pictures == 5
    assert {p.id for p in pictures_in(trained, made.id, 100)} == {three[2], *rest}
    newest = after.changes[0]
    assert (newest.deed, newest.pictures, newest.remaining) == ("gone", 2, 5)


@pytest.mark.parametrize("refuse", [True, False])
def test_what_is_gone_for_good_comes_in_again_only_where_that_was_not_refused(
    trained: App, pictures: Path, three: list[str], refuse: bool
) -> None:
    put_into_trash(trained, pictures=[*three[2:]], author=ME)
    report = trained.begin(empty_trash, author=ME, refuse=refuse).wait()
    assert (report.pictures, report.vectors, report.thumbnails, report.places) == (1, 1, 1, 1)
    again = import_pictures(trained, [pictures]).wait()
    assert (again.added, again.removed_before) == ((0, 1) if refuse else (1, 0))


def test_a_picture_that_is_restored_while_the_trash_is_emptied_is_kept_whole(
    trained: App, three: list[str]
) -> None:
    put_into_trash(trained, pictures=[*three], author=ME)

    def restore_one(done: int, total: int | None, note: str) -> None:
        if not done:
            restore(trained, pictures=[three[0]], author=ME)

    assert trained.begin(empty_trash, author=ME).wait(restore_one).pictures == 2
    assert look_after(trained, repair=True).wait().left == 0
    assert look_after(trained).wait().is_whole
    assert picture_detail(trained, three[0]).labels


def test_a_concept_in_the_trash_is_out_of_everything_and_comes_back_as_it_was(trained: App) -> None:
    bench = trained
    begin_concept(bench, OTHER, "A filled rectangle.")
    job = bench.concept(NAME).begin(train).id
    before = concept_state(bench.concept(NAME))
    put = put_into_trash(bench, concept=NAME.upper(), author=ME)
    assert (put.ids, put.names) == ([f"id:{before.id}"], [NAME])
    assert [c.name for c in list_concepts(bench)] == list(list_scales(bench)) == [OTHER]
    assert job_state(bench, job).state == "cancelled"
    assert not steps_done(bench, NAME)
    for name in (NAME, put.ids[0]):
        with pytest.raises(UnknownError, match="is in the trash"):
            put_into_trash(bench, concept=name, author=ME)
    bench.begin(empty_trash, author=ME).wait()
    assert at_once(2, lambda _: restore(bench, concept=NAME, author=ME)) == [put, put]
    assert restore(bench, concept=put.ids[0], author=ME) == put  # again, which changes nothing
    assert concept_state(bench.concept(NAME)) == before
    assert list_trash(bench) == []
    with pytest.raises(UnknownError):
        restore(bench, concept="No such concept", author=ME)


def test_a_collection_in_the_trash_follows_nothing_until_it_is_restored(bench: App, tmp_path: Path) -> None:
    folder = draw_folder(tmp_path / "rooms", 2, 300)
    import_pictures(bench, [folder]).wait()
    made = make_collection(bench, "Rooms", folder=str(folder), author=ME)
    look_in(bench.concept(NAME), ["Rooms"], author=ME)
    put_into_trash(bench, collection="rooms", author=ME)
    draw_folder(folder / "new", 2, 700)
    import_pictures(bench, [folder]).wait()
    assert show_collection(bench, made.id).pictures == looks_in(bench.concept(NAME)).pictures == 2
    namesake = make_collection(bench, "Rooms", [], author=ME)
    with pytest.raises(ConflictError):
        restore(bench, collection=f"id:{made.id}", author=ME)
    rename_collection(bench, namesake.id, "Other rooms")
    assert restore(bench, collection="Rooms", author=ME).ids == [f"id:{made.id}"]
    assert show_collection(bench, "Rooms").pictures == 4
    with pytest.raises(UnknownError):
        restore(bench, collection="Nothing", author=ME)


def test_the_list_says_what_comes_back_with_each(trained: App, three: list[str]) -> None:
    bench = trained
    make_collection(bench, "Some", three, author=ME)
    kept = keep_rule(bench, "No ball", f"NOT {NAME}", author=ME)
    labels, place = (
        len(label_rows(bench.concept(NAME))),
        picture_detail(bench, three[0]).places[0],
    )
    put_into_trash(bench, pictures=[*three], author="ana")
    put_into_trash(bench, rule="No ball", author="ana")
    put_into_trash(bench, collection="Some", author="ana")
    put_into_trash(bench, concept=NAME, author="ana")
    concept, collection, rule, *pictures = list_trash(bench)
    assert (concept.kind, concept.name, concept.who, concept.versions) == ("concept", NAME, "", 1)
    assert concept.labels >= labels - 1
    assert (collection.kind, collection.name, collection.pictures) == ("collection", "Some", 3)
    assert (rule.kind, rule.id, rule.who, rule.versions) == ("rule", "No ball", "ana", 1)
    assert {(one.kind, one.who) for one in pictures} == {("picture", "ana")}
    assert {one.id: (one.name, one.labels) for one in pictures}[three[0]] == (place, 1)
    restore(bench, concept=NAME, author=ME)
    for _ in range(2):
        assert restore(bench, rule="no ball", author=ME).names == ["No ball"]
    back = kept_rule(bench, "No ball")
    assert (back.rule, back.members) == (kept.rule, kept.members)


@pytest.fixture
def binned(bench: App) -> str:
    picture: str = collection_of(bench).library.all_ids()[0]
    put_into_trash(bench, pictures=[picture], author=ME)
    return picture


def test_without_room_nothing_is_erased_and_other_work_goes_on(
    bench: App, binned: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(dialects, "free_bytes", lambda folder: 10)
        emptying = bench.begin(empty_trash, author=ME)
        with pytest.raises(StorageError, match=r"needs [\d,]+ bytes of free disk space; 10 are free"):
            emptying.wait()
        assert bench.jobs.store.get(emptying.id).state == "failed"
        assert collection_of(bench).thumbnails.exists(binned)
        assert look_after(bench).wait().is_whole
    assert bench.begin(empty_trash, author=ME).wait().pictures == 1


def test_what_could_not_be_written_anew_is_by_the_next_emptying_though_the_trash_is_empty(
    bench: App, binned: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    compact = bench.database.compact

    def write_anew() -> None:
        tried.append("anew")
        if len(tried) == 1:
            raise StorageError("No room.")
        compact()

    monkeypatch.setattr(bench.database, "compact", write_anew)
    with pytest.raises(StorageError):
        bench.begin(empty_trash, author=ME).wait()
    for _ in range(2):  # the second time there is nothing to leave out
        bench.begin(empty_trash, author=ME).wait()
        assert len(tried) == 2


def test_scores_of_no_known_job_lose_their_rows_and_what_a_person_keeps_there_stays(
    bench: App, binned: str
) -> None:
    scores: Path = bench.settings.home / "scores"
    row, other = f"{binned},/a.png,0.5,yes\n", f"{'0' * 64},/b.png,0.5,yes\n"
    for name, content in {
        "17/scores.csv": HEADER + row + other,
        "mine/scores.csv": HEADER + row + other,
        "mine/notes.txt": "mine",
        "18/half.csv.partial": "half",
    }.items():
        (scores / name).parent.mkdir(parents=True, exist_ok=True)
        (scores / name).write_text(content)
    (scores / "mine" / "folder").mkdir()
    assert bench.begin(empty_trash, author=ME).wait().pictures == 1
    for name in ("17", "mine"):
        kept = (scores / name / "scores.csv").read_text()
        assert (binned in kept, "0" * 64 in kept) == (False, True)
    assert (scores / "mine" / "notes.txt").read_text() == "mine"
    assert not (scores / "18" / "half.csv.partial").exists()
