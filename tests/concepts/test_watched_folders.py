"""Watched folders: every new picture is said something of once, told, and at random asked about blindly.

The answers are simulated: a drawing counts if its file is called ellipse.
"""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from answering import answer
from drawing import draw, draw_folder
from receiver import Receiver

from concepts.errors import ConflictError, DiscernError, NotAllowedError, UnknownWatchError
from concepts.learning import waves
from concepts.publishing.webhooks import Sender
from concepts.settings import load_settings
from concepts.workbench import Workbench
from concepts.workbench.watching import Watching
from storage.tables import now

NAME = "Round thing"
EIGHT_TRIES = 8


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """Nine drawings that the library doesn't have."""
    return draw_folder(tmp_path / "inbox", 9, first_seed=5000)


@pytest.fixture
def watched(trained: Workbench) -> Workbench:
    """That needn't wait until files have settled, and may send to this computer."""
    trained.context.settings = load_settings(internal_webhooks=True)
    trained.watching = Watching(trained.context)
    trained.watching.pause = lambda seconds: None
    return trained


def begin(bench: Workbench, folder: Path, **wish: Any) -> Any:
    return bench.concept(NAME).watches.begin(folder, author="me", **wish)


def flagging_all(bench: Workbench) -> None:
    """A version that calls everything a yes, so that what is flagged is known."""
    bench.concept(NAME).versions.use(bench.concept(NAME).versions.head().number, 1e-9, author="me").wait()


def flagging_none(bench: Workbench) -> None:
    bench.concept(NAME).versions.use(bench.concept(NAME).versions.head().number, 1 - 1e-9, author="me").wait()


def test_new_pictures_are_scored_once_by_the_version_in_use(watched: Workbench, inbox: Path) -> None:
    watch = begin(watched, inbox).watch
    first = watched.concept(NAME).watches.look(watch.id).wait()
    assert first.seen == 9
    assert watched.concept(NAME).watches.look(watch.id).wait().seen == 0
    shutil.copy(inbox / "ellipse-0000.png", inbox / "again.png")  # the same picture
    draw("ellipse", 6000).save(inbox / "ellipse-late.png")
    assert watched.concept(NAME).watches.look(watch.id).wait().seen == 1
    view = watched.concept(NAME).watches.get(watch.id)
    assert (view.seen, view.problem, view.last is not None) == (10, "", True)
    page = watched.concept(NAME).watches.flagged(watch.id, 50)
    assert len(page.flagged) == view.flagged
    scored = watched.concept(NAME).scores.ranked("top", limit=200).pictures
    expected = {one.id: one.probability for one in scored}
    threshold = watched.concept(NAME).versions.one(1).threshold
    for one in page.flagged:
        assert one.probability == pytest.approx(expected[one.picture], abs=1e-3)
        assert one.probability >= one.threshold == threshold


def test_a_file_that_is_still_written_to_waits_for_the_next_look(watched: Workbench, inbox: Path) -> None:
    whole = (inbox / "ellipse-0000.png").read_bytes()
    growing = inbox / "growing.png"
    growing.write_bytes(whole[: len(whole) // 2])

    def write_on(seconds: float) -> None:
        growing.write_bytes(whole[:-10])

    watched.watching.pause = write_on
    watch = begin(watched, inbox).watch
    looked = watched.concept(NAME).watches.look(watch.id).wait()
    assert (looked.seen, looked.unsettled, looked.skipped) == (9, 1, 0)
    assert watched.library.bad_files() == []
    watched.watching.pause = lambda seconds: None
    growing.write_bytes((draw_folder(inbox.parent / "other", 1, 7000) / "ellipse-0000.png").read_bytes())
    assert watched.concept(NAME).watches.look(watch.id).wait().seen == 1


def test_a_bad_file_is_skipped_and_not_looked_at_again(watched: Workbench, inbox: Path) -> None:
    (inbox / "bad.png").write_text("not a picture")
    watch = begin(watched, inbox).watch
    assert watched.concept(NAME).watches.look(watch.id).wait().skipped == 1
    assert watched.watching.new_files(watched.context.watches.get(watch.id)) == []


def test_the_newest_version_is_used_unless_one_was_chosen(watched: Workbench, inbox: Path) -> None:
    newest, first = begin(watched, inbox).watch, begin(watched, inbox, version=1).watch
    flagging_all(watched)
    assert watched.concept(NAME).watches.look(newest.id).wait().flagged == 9
    watched.concept(NAME).watches.look(first.id).wait()
    said = watched.concept(NAME).watches.flagged(newest.id, 50).flagged
    assert {one.version for one in said} == {2}
    said = watched.concept(NAME).watches.flagged(first.id, 50).flagged
    assert {one.version for one in said} <= {1}


def test_the_same_wish_again_is_the_same_watch_and_shows_no_secret(watched: Workbench, inbox: Path) -> None:
    begun = begin(watched, inbox, webhook="https://hooks.example/a?token=hidden")
    again = begin(watched, inbox, webhook="https://hooks.example/a?token=hidden")
    assert begun.secret.startswith("whsec_")
    assert (again.watch.id, again.secret) == (begun.watch.id, "")
    assert begun.watch.webhook == "hooks.example"
    assert "hidden" not in begun.watch.model_dump_json()


def test_what_cant_be_watched_is_refused_at_once(watched: Workbench, inbox: Path) -> None:
    with pytest.raises(DiscernError, match="is no folder"):
        begin(watched, inbox / "nowhere")
    with pytest.raises(DiscernError, match="between 0 and 1"):
        begin(watched, inbox, promised=1.5)
    watched.context.settings = load_settings()
    with pytest.raises(NotAllowedError, match="internal address"):
        begin(watched, inbox, webhook="http://127.0.0.1:1/")
    with pytest.raises(UnknownWatchError):
        watched.concept(NAME).watches.get(99)
    assert watched.concept(NAME).watches.all() == []


def test_a_stopped_watch_takes_in_nothing(watched: Workbench, inbox: Path) -> None:
    watch = begin(watched, inbox).watch
    assert watched.concept(NAME).watches.stop(watch.id).stopped is not None
    with pytest.raises(ConflictError, match="not watched any more"):
        watched.concept(NAME).watches.look(watch.id).wait()
    assert watched.context.watches.going() == []


def test_a_folder_that_is_gone_is_said_in_words(watched: Workbench, inbox: Path) -> None:
    watch = begin(watched, inbox).watch
    shutil.rmtree(inbox)
    with pytest.raises(DiscernError, match="does not exist"):
        watched.concept(NAME).watches.look(watch.id).wait()
    assert "does not exist" in watched.concept(NAME).watches.get(watch.id).problem


def test_what_was_flagged_is_sent_signed_and_once(watched: Workbench, inbox: Path) -> None:
    flagging_all(watched)
    with Receiver() as receiver:
        begun = begin(watched, inbox, webhook=receiver.url)
        watched.concept(NAME).watches.look(begun.watch.id).wait()
        assert watched.watching.send_due().delivered == 9
        assert watched.watching.send_due().delivered == 0
    assert receiver.all_signed_with(begun.secret)
    assert len(set(receiver.ids)) == len(receiver.ids) == 9
    files = sorted(event["data"]["file"] for event in receiver.events)
    assert files == sorted(path.name for path in inbox.iterdir())
    (event,) = [e for e in receiver.events if e["data"]["file"] == "ellipse-0000.png"]
    assert event["type"] == "picture.flagged"
    assert (event["data"]["concept"], event["data"]["version"]) == (NAME, 2)
    assert str(inbox) not in str(event)
    counts = watched.concept(NAME).watches.get(begun.watch.id).deliveries
    assert (counts.delivered, counts.waiting, counts.dead) == (9, 0, 0)


class Clock:
    def __init__(self) -> None:
        self.at = now()

    def __call__(self) -> Any:
        return self.at


def sender_of(bench: Workbench, clock: Clock) -> Sender:
    own = bench.watching.sender
    return Sender(bench.context.settings, bench.context.watches, own._deliveries, own._event_of, clock)


def one_flagged(bench: Workbench, tmp_path: Path, url: str) -> Any:
    flagging_all(bench)
    begun = begin(bench, draw_folder(tmp_path / "one", 1, 8000), webhook=url)
    bench.concept(NAME).watches.look(begun.watch.id).wait()
    return begun


def test_a_receiver_that_fails_twice_gets_the_same_message_a_third_time(
    watched: Workbench, tmp_path: Path
) -> None:
    with Receiver([500, 503, 204]) as receiver:
        begun, clock = one_flagged(watched, tmp_path, receiver.url), Clock()
        sender = sender_of(watched, clock)
        assert sender.send_due().failed == 1
        assert sender.send_due().failed == 0  # not due yet
        assert watched.concept(NAME).watches.get(begun.watch.id).deliveries.problem == "It answered 500."
        clock.at += timedelta(seconds=7)
        assert sender.send_due().failed == 1
        clock.at += timedelta(minutes=7)
        assert sender.send_due().delivered == 1
    assert len(set(receiver.ids)) == 1
    assert len({body for _, body in receiver.messages}) == 1
    assert receiver.all_signed_with(begun.secret)
    (message,) = watched.concept(NAME).watches.messages(begun.watch.id, "delivered", 10)
    assert message.tries == 3


def test_a_message_that_is_never_taken_is_given_up_and_shown(watched: Workbench, tmp_path: Path) -> None:
    with Receiver([500]) as receiver:
        begun, clock = one_flagged(watched, tmp_path, receiver.url), Clock()
        sender = sender_of(watched, clock)
        for _ in range(EIGHT_TRIES + 2):
            sender.send_due()
            clock.at += timedelta(days=1)
    assert len(receiver.messages) == EIGHT_TRIES
    (message,) = watched.concept(NAME).watches.messages(begun.watch.id, "dead", 10)
    assert (message.tries, message.problem) == (EIGHT_TRIES, "It answered 500.")
    assert watched.concept(NAME).watches.get(begun.watch.id).deliveries.dead == 1


def test_a_receiver_that_is_gone_is_asked_once(watched: Workbench, tmp_path: Path) -> None:
    with Receiver([410]) as receiver:
        begun = one_flagged(watched, tmp_path, receiver.url)
        watched.watching.send_due()
    assert watched.concept(NAME).watches.get(begun.watch.id).deliveries.dead == 1


def test_while_a_receiver_is_down_one_message_is_tried_and_not_each(watched: Workbench, inbox: Path) -> None:
    flagging_all(watched)
    with Receiver([500]) as receiver:
        begun = begin(watched, inbox, webhook=receiver.url)
        watched.concept(NAME).watches.look(begun.watch.id).wait()
        watched.watching.send_due()
    assert len(receiver.messages) == 1


def test_a_try_that_was_cut_off_is_made_again(watched: Workbench, tmp_path: Path) -> None:
    with Receiver() as receiver:
        begun, clock = one_flagged(watched, tmp_path, receiver.url), Clock()
        sender = sender_of(watched, clock)
        assert sender._deliveries.claim(clock.at) is not None  # and then the process is killed
        assert sender.send_due().delivered == 0
        clock.at += timedelta(minutes=2)
        assert sender.send_due().delivered == 1
    (message,) = watched.concept(NAME).watches.messages(begun.watch.id, "delivered", 10)
    assert message.tries == 2


def test_what_is_asked_about_comes_first_blindly_and_teaches_nothing(watched: Workbench, inbox: Path) -> None:
    flagging_all(watched)
    watch = begin(watched, inbox, ask_flagged=1.0).watch
    asked = watched.concept(NAME).watches.look(watch.id).wait().asked
    assert 0 < asked <= 9
    drawn = [one.picture_id for one in watched.context.watches.drawn(watch.id)]
    first = watched.concept(NAME).labels.next_pictures(asked, purpose="evaluation")
    assert [picture.id for picture in first] == drawn
    assert {picture.probability for picture in first} == {None}
    page = watched.concept(NAME).watches.flagged(watch.id, 50)
    assert (len(page.flagged), page.held) == (9 - asked, asked)
    measured = watched.concept(NAME).labels.count().measure
    answer(watched, NAME, drawn)
    dataset = watched.context.dataset(watched.context.concept(NAME))
    assert set(drawn) <= dataset.reserved
    assert not set(drawn) & {*dataset.training.ids, *dataset.evaluation}
    count = watched.concept(NAME).labels.count()
    assert (count.watch, count.measure) == (asked, measured)
    assert watched.concept(NAME).watches.flagged(watch.id, 50).held == 0
    view = watched.concept(NAME).watches.get(watch.id)
    right = sum("ellipse" in one.file for one in watched.context.watches.drawn(watch.id))
    assert view.precision.whole is not None
    assert (view.precision.whole.answered, view.precision.whole.right) == (asked, right)


def test_what_looks_like_what_was_answered_or_came_before_is_not_asked_about(
    watched: Workbench, inbox: Path, pictures: Path
) -> None:
    flagging_all(watched)
    taught = next(iter(watched.context.dataset(watched.context.concept(NAME)).answers))
    known = Path(watched.context.collection.paths([taught])[taught])
    shutil.copy(known, inbox / "answered.png")
    watch = begin(watched, inbox, ask_flagged=1.0).watch
    watched.concept(NAME).watches.look(watch.id).wait()
    assert taught not in {one.picture_id for one in watched.context.watches.drawn(watch.id)}
    from PIL import Image

    with Image.open(inbox / "ellipse-0000.png") as image:
        image.convert("RGB").save(inbox / "saved-anew.jpg", quality=90)
    assert watched.concept(NAME).watches.look(watch.id).wait().asked == 0
    assert watched.concept(NAME).watches.get(watch.id).seen == 11


def test_what_came_together_is_asked_about_in_random_order(watched: Workbench, tmp_path: Path) -> None:
    flagging_all(watched)
    watch = begin(watched, draw_folder(tmp_path / "many", 60, first_seed=5000), ask_flagged=1.0).watch
    watched.concept(NAME).watches.look(watch.id).wait()
    names = [one.file for one in watched.context.watches.drawn(watch.id)]
    first = [name.partition("-")[0] for name in names[: len(names) // 2]]
    assert set(first) == {"ellipse", "rectangle", "line"}  # by name, no rectangle would be among them


def test_questions_of_a_stopped_watch_are_not_asked_any_more(watched: Workbench, inbox: Path) -> None:
    flagging_all(watched)
    watch = begin(watched, inbox, ask_flagged=1.0).watch
    watched.concept(NAME).watches.look(watch.id).wait()
    drawn = {one.picture_id for one in watched.context.watches.drawn(watch.id)}
    watched.concept(NAME).watches.stop(watch.id)
    assert not drawn & {p.id for p in watched.concept(NAME).labels.next_pictures(200, purpose="evaluation")}


def test_the_promise_is_what_was_given_or_certified_or_measured(watched: Workbench, inbox: Path) -> None:
    assert begin(watched, inbox).watch.precision.promised is None
    given = begin(watched, inbox, promised=0.8, version=1).watch
    assert (given.precision.promised, given.promised_by) == (0.8, "given")
    watched.concept(NAME).certificates.begin(0.5, author="me")
    answer(watched, NAME, list(watched.context.store.certifying_pictures(given_id(watched))), always="yes")
    number = watched.concept(NAME).certificates.keep(author="me").wait().version
    certified = begin(watched, inbox, version=number).watch
    assert (certified.precision.promised, certified.promised_by) == (0.5, "certified")


def test_the_promise_of_a_measured_version_is_its_lower_limit(
    watched: Workbench, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waves, "SHARE", 0.5)  # of a small library: figures need enough of each kind
    left = watched.concept(NAME).labels.next_pictures(200, purpose="evaluation")
    answer(watched, NAME, [picture.id for picture in left])
    flagging_all(watched)
    precision = watched.concept(NAME).versions.measure().metric("precision")
    watch = begin(watched, inbox).watch
    assert precision is not None
    assert (watch.precision.promised, watch.promised_by) == (precision.low, "measured")


def given_id(bench: Workbench) -> int:
    return bench.context.concept(NAME).id


def test_the_feed_holds_all_that_was_flagged_page_by_page(watched: Workbench, inbox: Path) -> None:
    flagging_all(watched)
    watch = begin(watched, inbox, ask_flagged=1.0).watch
    watched.concept(NAME).watches.look(watch.id).wait()
    feed = watched.concept(NAME).watches.feed(watch.id, 5, 0, address="http://here/feed", site="http://here")
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert len(feed["items"]) == 5
    assert feed["next_url"] == "http://here/feed?limit=5&offset=5"
    rest = watched.concept(NAME).watches.feed(watch.id, 5, 5, address="http://here/feed", site="http://here")
    assert "next_url" not in rest
    ids = [item["id"] for item in (*feed["items"], *rest["items"])]
    assert len(set(ids)) == 9


def test_a_watcher_begins_a_look_only_where_something_is_new(watched: Workbench, inbox: Path) -> None:
    watch = begin(watched, inbox).watch
    watched.watcher._watching = watched.watching
    looks = [job for job in watched.jobs.store.recent() if job.kind == "watch"]
    assert looks == []
    watched.watcher.look()
    (job,) = [job for job in watched.jobs.store.recent() if job.kind == "watch"]
    watched.jobs.resume(job.id)
    watched.watcher._next.clear()
    watched.watcher.look()
    assert len([job for job in watched.jobs.store.recent() if job.kind == "watch"]) == 1
    assert watched.concept(NAME).watches.get(watch.id).seen == 9
