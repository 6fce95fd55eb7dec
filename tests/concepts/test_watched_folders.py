"""Watched folders: every new picture is said something of once, told, and at random asked about blindly.

The answers are simulated: a drawing counts if its file is called ellipse.
"""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from answering import answer, answer_next
from drawing import draw, draw_folder
from PIL import Image
from receiver import Receiver

from concepts.errors import DiscernError
from concepts.labelling.dataset import dataset_of
from concepts.labelling.labels import label_count, next_pictures
from concepts.learning import waves
from concepts.library.collection import collection_of
from concepts.results.certificates import ask_for_guarantee, keep_guarantee
from concepts.results.heads import head_of
from concepts.results.library import list_bad_files
from concepts.results.scores import ranked_library
from concepts.results.trained import measure_again, use_version, version_beside
from concepts.results.watcher import look_at_folder, watch_of, watcher_of
from concepts.results.watching import (
    StartedWatch,
    WatchView,
    begin_watching,
    list_flagged,
    list_messages,
    stop_watching,
    watch_state,
)
from concepts.settings import load_settings
from concepts.use_cases import App, Concept
from storage.tables import now

NAME = "Round thing"


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """Nine drawings that the library doesn't have."""
    return draw_folder(tmp_path / "inbox", 9, first_seed=5000)


@pytest.fixture
def concept(trained: App) -> Concept:
    """That needn't wait until files have settled, and may send to this computer."""
    trained.settings = load_settings(internal_webhooks=True)
    watcher_of(trained).pause = lambda seconds: None
    return trained.concept(NAME)


@pytest.fixture
def all_flagged(concept: Concept) -> None:
    """A version that calls everything a yes, so that what is flagged is known."""
    use_version(concept, head_of(concept).number, 1e-9, author="me").wait()


def looked_at(concept: Concept, inbox: Path, *, ask: float = 0.1, webhook: str = "") -> StartedWatch:
    """A watched folder that was looked at once."""
    begun = begin_watching(concept, str(inbox), ask_flagged=ask, webhook=webhook, author="me")
    concept.begin(look_at_folder, begun.watch.id).wait()
    return begun


def asked_about(concept: Concept, watch: WatchView) -> list[str]:
    return [one.picture_id for one in concept.app.watches.drawn(watch.id)]


def test_new_pictures_are_scored_once_by_the_version_in_use_without_bad_or_unfinished_files(
    concept: Concept, inbox: Path
) -> None:
    whole, growing = (inbox / "ellipse-0000.png").read_bytes(), inbox / "growing.png"
    growing.write_bytes(whole[: len(whole) // 2])
    (inbox / "bad.png").write_text("not a picture")
    watcher_of(concept.app).pause = lambda seconds: growing.write_bytes(whole[:-10])
    watch = begin_watching(concept, str(inbox), author="me").watch
    looked = concept.begin(look_at_folder, watch.id).wait()
    assert (looked.seen, looked.unsettled, looked.skipped) == (9, 1, 1)
    assert [Path(one.path).name for one in list_bad_files(concept.app)] == ["bad.png"]
    watcher_of(concept.app).pause = lambda seconds: None
    draw("ellipse", 7000).save(growing)
    shutil.copy(inbox / "ellipse-0000.png", inbox / "again.png")  # the same picture
    looked = concept.begin(look_at_folder, watch.id).wait()
    assert (looked.seen, looked.skipped) == (1, 0)
    assert watcher_of(concept.app).new_files(watch_of(concept, watch.id)) == []
    view, page = watch_state(concept, watch.id), list_flagged(concept, watch.id)
    assert (view.seen, view.problem, view.last is not None) == (10, "", True)
    assert len(page.flagged) == view.flagged
    scored = ranked_library(concept, "top", limit=200).pictures
    expected = {one.id: one.probability for one in scored}
    threshold = version_beside(concept, 1).threshold
    for one in page.flagged:
        assert one.probability == pytest.approx(expected[one.picture], abs=1e-3)
        assert one.probability >= one.threshold == threshold


def test_the_newest_version_is_used_unless_one_was_chosen(concept: Concept, inbox: Path) -> None:
    newest = begin_watching(concept, str(inbox), author="me").watch
    first = begin_watching(concept, str(inbox), version=1, author="me").watch
    use_version(concept, 1, 1e-9, author="me").wait()
    assert concept.begin(look_at_folder, newest.id).wait().flagged == 9
    concept.begin(look_at_folder, first.id).wait()
    assert {one.version for one in list_flagged(concept, newest.id).flagged} == {2}
    assert {one.version for one in list_flagged(concept, first.id).flagged} <= {1}


def test_a_folder_that_is_gone_is_said_in_words(concept: Concept, inbox: Path) -> None:
    watch = begin_watching(concept, str(inbox), author="me").watch
    shutil.rmtree(inbox)
    with pytest.raises(DiscernError, match="does not exist"):
        concept.begin(look_at_folder, watch.id).wait()
    assert "does not exist" in watch_state(concept, watch.id).problem


@pytest.mark.usefixtures("all_flagged")
def test_what_was_flagged_is_sent_signed_and_once_and_of_all_one_is_tried_while_a_receiver_is_down(
    concept: Concept, inbox: Path
) -> None:
    with Receiver([500, 204]) as receiver:
        begun = looked_at(concept, inbox, webhook=receiver.url)
        assert watcher_of(concept.app).send_due().failed == len(receiver.messages) == 1
        assert watch_state(concept, begun.watch.id).deliveries.problem == "It answered 500."
        watcher_of(concept.app).clock = lambda: now() + timedelta(seconds=7)
        assert watcher_of(concept.app).send_due().delivered == 9
        assert watcher_of(concept.app).send_due().delivered == 0
    assert receiver.all_signed_with(begun.secret)
    assert (len(receiver.ids), len(set(receiver.ids))) == (10, 9)
    events = {event["data"]["file"]: event for event in receiver.events}
    assert events.keys() == {path.name for path in inbox.iterdir()}
    event = events["ellipse-0000.png"]
    assert event["type"] == "picture.flagged"
    assert (event["data"]["concept"], event["data"]["version"]) == (NAME, 2)
    assert str(inbox) not in str(event)
    counts = watch_state(concept, begun.watch.id).deliveries
    assert (counts.delivered, counts.waiting, counts.dead) == (9, 0, 0)


@pytest.mark.usefixtures("all_flagged")
@pytest.mark.parametrize(
    ("statuses", "sent", "end"),
    [  # seconds later, delivered, failed
        ([500, 503, 204], [(0, 0, 1), (0, 0, 0), (7, 0, 1), (420, 1, 0)], ("delivered", 3, "")),
        ([500], [(86400, 0, 1)] * 8 + [(86400, 0, 0)] * 2, ("dead", 8, "It answered 500.")),
        ([410], [(0, 0, 1), (86400, 0, 0)], ("dead", 1, "It answered 410.")),
    ],
    ids=["fails twice", "fails always", "is gone"],
)
def test_a_receiver_gets_the_same_message_until_it_takes_it_eight_times_at_most(
    concept: Concept, tmp_path: Path, statuses: list[int], sent: list[Any], end: tuple[Any, int, str]
) -> None:
    state, tries, problem = end
    with Receiver(statuses) as receiver:
        begun = looked_at(concept, draw_folder(tmp_path / "one", 1, 8000), webhook=receiver.url)
        at = now()
        watcher_of(concept.app).clock = lambda: at
        for later, delivered, failed in sent:
            at += timedelta(seconds=later)
            found = watcher_of(concept.app).send_due()
            assert (found.delivered, found.failed) == (delivered, failed)
    assert len(receiver.messages) == tries
    assert len({(headers["webhook-id"], body) for headers, body in receiver.messages}) == 1
    assert receiver.all_signed_with(begun.secret)
    (message,) = list_messages(concept, begun.watch.id, state)
    assert (message.tries, message.problem) == (tries, problem)
    counts = watch_state(concept, begun.watch.id).deliveries
    assert (counts.dead, counts.problem) == (int(state == "dead"), problem)


@pytest.mark.usefixtures("all_flagged")
def test_what_is_asked_about_comes_first_blindly_and_teaches_nothing(concept: Concept, inbox: Path) -> None:
    concept = concept
    watch = begin_watching(concept, str(inbox), ask_flagged=1.0, author="me").watch
    asked = concept.begin(look_at_folder, watch.id).wait().asked
    assert 0 < asked <= 9
    drawn = asked_about(concept, watch)
    first = next_pictures(concept, asked, purpose="evaluation")
    assert [picture.id for picture in first] == drawn
    assert {picture.probability for picture in first} == {None}
    page = list_flagged(concept, watch.id)
    assert (len(page.flagged), page.held) == (9 - asked, asked)
    measured = label_count(concept).measure
    answer(concept.app, NAME, drawn)
    dataset = dataset_of(concept)
    assert set(drawn) <= dataset.reserved - {*dataset.training.ids, *dataset.evaluation}
    count = label_count(concept)
    assert (count.watch, count.measure) == (asked, measured)
    assert list_flagged(concept, watch.id).held == 0
    right = sum("ellipse" in one.file for one in concept.app.watches.drawn(watch.id))
    found = watch_state(concept, watch.id).precision.right
    assert (found.answered, found.right) == (asked, right)


@pytest.mark.usefixtures("all_flagged")
def test_what_looks_like_what_was_answered_or_came_before_is_not_asked_about(
    concept: Concept, inbox: Path
) -> None:
    taught = next(iter(dataset_of(concept).answers))
    shutil.copy(collection_of(concept.app).paths([taught])[taught], inbox / "answered.png")
    watch = looked_at(concept, inbox, ask=1.0).watch
    assert taught not in asked_about(concept, watch)
    with Image.open(inbox / "ellipse-0000.png") as image:
        image.convert("RGB").save(inbox / "saved-anew.jpg", quality=90)
    assert concept.begin(look_at_folder, watch.id).wait().asked == 0
    assert watch_state(concept, watch.id).seen == 11


@pytest.mark.usefixtures("all_flagged")
def test_what_came_together_is_asked_about_in_random_order(concept: Concept, tmp_path: Path) -> None:
    watch = looked_at(concept, draw_folder(tmp_path / "many", 60, first_seed=5000), ask=1.0).watch
    names = [one.file for one in concept.app.watches.drawn(watch.id)]
    first = [name.partition("-")[0] for name in names[: len(names) // 2]]
    assert set(first) == {"ellipse", "rectangle", "line"}  # by name, no rectangle would be among them


@pytest.mark.usefixtures("all_flagged")
def test_a_stopped_watch_takes_in_nothing_and_asks_no_more(concept: Concept, inbox: Path) -> None:
    watch = looked_at(concept, inbox, ask=1.0).watch
    concept, drawn = concept, set(asked_about(concept, watch))
    assert drawn & {picture.id for picture in next_pictures(concept, 200, purpose="evaluation")}
    assert stop_watching(concept, watch.id).stopped is not None
    assert not drawn & {picture.id for picture in next_pictures(concept, 200, purpose="evaluation")}


def test_the_promise_is_what_was_given_or_certified_or_measured(
    concept: Concept, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def promise(**wish: float) -> tuple[float | None, str]:
        watch = begin_watching(concept, str(inbox), author="me", **wish).watch
        return watch.precision.promised, watch.promised_by

    assert promise() == (None, "")
    assert promise(promised=0.8, version=1) == (0.8, "given")
    ask_for_guarantee(concept, 0.5, author="me")
    answer(concept.app, NAME, list(concept.app.store.certifying_pictures(concept.id)), always="yes")
    number = keep_guarantee(concept, author="me").wait().version
    assert promise(version=number) == (0.5, "certified")
    monkeypatch.setattr(waves, "SHARE", 0.5)  # of a small library: figures need enough of each kind
    answer_next(concept, 200, "evaluation")
    by_hand = use_version(concept, number, 1e-9, author="me").wait().version
    precision = measure_again(concept, by_hand).metric("precision")
    assert promise(version=by_hand) == (precision.low, "measured")


def test_a_watcher_begins_a_look_only_where_something_is_new(concept: Concept, inbox: Path) -> None:
    watch = begin_watching(concept, str(inbox), author="me").watch
    watcher_of(concept.app).look()
    (job,) = [job for job in concept.app.jobs.store.recent() if job.kind == "look at folder"]
    concept.app.jobs.resume(job.id)
    watcher_of(concept.app)._next.clear()
    watcher_of(concept.app).look()
    assert len([job for job in concept.app.jobs.store.recent() if job.kind == "look at folder"]) == 1
    assert watch_state(concept, watch.id).seen == 9
