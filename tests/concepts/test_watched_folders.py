"""Watched folders: every new picture is said something of once, told, and at random asked about blindly.

The answers are simulated: a drawing counts if its file is called ellipse.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from answering import answer
from drawing import draw, draw_folder
from PIL import Image
from receiver import Receiver

from concepts.errors import ConflictError, DiscernError, NotAllowedError, UnknownError
from concepts.learning import waves
from concepts.settings import load_settings
from concepts.workbench import Workbench
from concepts.workbench.watch_views import StartedWatch, WatchView
from concepts.workbench.watching import Watches
from storage.tables import now

NAME = "Round thing"
EIGHT_TRIES = 8


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """Nine drawings that the library doesn't have."""
    return draw_folder(tmp_path / "inbox", 9, first_seed=5000)


@pytest.fixture
def watches(trained: Workbench) -> Watches:
    """That needn't wait until files have settled, and may send to this computer."""
    trained.context.settings = load_settings(internal_webhooks=True)
    trained.watcher.pause = lambda seconds: None
    return trained.concept(NAME).watches


@pytest.fixture
def all_flagged(trained: Workbench) -> None:
    """A version that calls everything a yes, so that what is flagged is known."""
    versions = trained.concept(NAME).versions
    versions.use(versions.head().number, 1e-9, author="me").wait()


def looked_at(watches: Watches, inbox: Path, *, ask: float = 0.1, webhook: str = "") -> StartedWatch:
    """A watched folder that was looked at once."""
    begun = watches.begin(str(inbox), ask_flagged=ask, webhook=webhook, author="me")
    watches.look(begun.watch.id).wait()
    return begun


def asked_about(bench: Workbench, watch: WatchView) -> list[str]:
    return [one.picture_id for one in bench.context.watches.drawn(watch.id)]


def test_new_pictures_are_scored_once_by_the_version_in_use(
    trained: Workbench, watches: Watches, inbox: Path
) -> None:
    watch = watches.begin(str(inbox), author="me").watch
    assert watches.look(watch.id).wait().seen == 9
    assert watches.look(watch.id).wait().seen == 0
    shutil.copy(inbox / "ellipse-0000.png", inbox / "again.png")  # the same picture
    draw("ellipse", 6000).save(inbox / "ellipse-late.png")
    assert watches.look(watch.id).wait().seen == 1
    view = watches.get(watch.id)
    assert (view.seen, view.problem, view.last is not None) == (10, "", True)
    page = watches.flagged(watch.id)
    assert len(page.flagged) == view.flagged
    scored = trained.concept(NAME).scores.ranked("top", limit=200).pictures
    expected = {one.id: one.probability for one in scored}
    threshold = trained.concept(NAME).versions.one(1).threshold
    for one in page.flagged:
        assert one.probability == pytest.approx(expected[one.picture], abs=1e-3)
        assert one.probability >= one.threshold == threshold


def test_a_file_that_is_still_written_to_waits_for_the_next_look(
    trained: Workbench, watches: Watches, inbox: Path
) -> None:
    whole = (inbox / "ellipse-0000.png").read_bytes()
    growing = inbox / "growing.png"
    growing.write_bytes(whole[: len(whole) // 2])

    def write_on(seconds: float) -> None:
        growing.write_bytes(whole[:-10])

    trained.watcher.pause = write_on
    watch = watches.begin(str(inbox), author="me").watch
    looked = watches.look(watch.id).wait()
    assert (looked.seen, looked.unsettled, looked.skipped) == (9, 1, 0)
    assert trained.library.bad_files() == []
    trained.watcher.pause = lambda seconds: None
    draw("ellipse", 7000).save(growing)
    assert watches.look(watch.id).wait().seen == 1


def test_a_bad_file_is_skipped_and_not_looked_at_again(
    trained: Workbench, watches: Watches, inbox: Path
) -> None:
    (inbox / "bad.png").write_text("not a picture")
    watch = watches.begin(str(inbox), author="me").watch
    assert watches.look(watch.id).wait().skipped == 1
    assert trained.watcher.new_files(trained.context.watches.get(watch.id)) == []


def test_the_newest_version_is_used_unless_one_was_chosen(
    watches: Watches, inbox: Path, request: pytest.FixtureRequest
) -> None:
    newest = watches.begin(str(inbox), author="me").watch
    first = watches.begin(str(inbox), version=1, author="me").watch
    request.getfixturevalue("all_flagged")
    assert watches.look(newest.id).wait().flagged == 9
    watches.look(first.id).wait()
    assert {one.version for one in watches.flagged(newest.id).flagged} == {2}
    assert {one.version for one in watches.flagged(first.id).flagged} <= {1}


def test_the_same_wish_again_is_the_same_watch_and_shows_no_secret(watches: Watches, inbox: Path) -> None:
    begun, again = (
        watches.begin(str(inbox), webhook="https://hooks.example/a?token=hidden", author="me") for _ in "12"
    )
    assert begun.secret.startswith("whsec_")
    assert (again.watch.id, again.secret) == (begun.watch.id, "")
    assert begun.watch.webhook == "hooks.example"
    assert "hidden" not in begun.watch.model_dump_json()


def test_what_cant_be_watched_is_refused_at_once(trained: Workbench, watches: Watches, inbox: Path) -> None:
    with pytest.raises(DiscernError, match="is no folder"):
        watches.begin(str(inbox / "nowhere"), author="me")
    with pytest.raises(DiscernError, match="between 0 and 1"):
        watches.begin(str(inbox), promised=1.5, author="me")
    trained.context.settings = load_settings()
    with pytest.raises(NotAllowedError, match="internal address"):
        watches.begin(str(inbox), webhook="http://127.0.0.1:1/", author="me")
    with pytest.raises(UnknownError):
        watches.get(99)
    assert watches.all() == []


def test_a_folder_that_is_gone_is_said_in_words(watches: Watches, inbox: Path) -> None:
    watch = watches.begin(str(inbox), author="me").watch
    shutil.rmtree(inbox)
    with pytest.raises(DiscernError, match="does not exist"):
        watches.look(watch.id).wait()
    assert "does not exist" in watches.get(watch.id).problem


@pytest.mark.usefixtures("all_flagged")
def test_what_was_flagged_is_sent_signed_and_once(trained: Workbench, watches: Watches, inbox: Path) -> None:
    with Receiver() as receiver:
        begun = looked_at(watches, inbox, webhook=receiver.url)
        assert trained.watcher.send_due().delivered == 9
        assert trained.watcher.send_due().delivered == 0
    assert receiver.all_signed_with(begun.secret)
    assert len(set(receiver.ids)) == len(receiver.ids) == 9
    files = sorted(event["data"]["file"] for event in receiver.events)
    assert files == sorted(path.name for path in inbox.iterdir())
    (event,) = [e for e in receiver.events if e["data"]["file"] == "ellipse-0000.png"]
    assert event["type"] == "picture.flagged"
    assert (event["data"]["concept"], event["data"]["version"]) == (NAME, 2)
    assert str(inbox) not in str(event)
    counts = watches.get(begun.watch.id).deliveries
    assert (counts.delivered, counts.waiting, counts.dead) == (9, 0, 0)


class OneMessage:
    """The message about one flagged picture, and a clock that only the test moves."""

    def __init__(self, bench: Workbench, watches: Watches, folder: Path, url: str) -> None:
        self._watcher, self._watches = bench.watcher, watches
        self.begun = looked_at(watches, draw_folder(folder / "one", 1, 8000), webhook=url)
        self.at = now()
        self._watcher.clock = lambda: self.at

    def sent_after(self, delay: timedelta) -> tuple[int, int]:
        """How many were delivered, and how many failed."""
        self.at += delay
        sent = self._watcher.send_due()
        return sent.delivered, sent.failed

    def what_became(self, state: str) -> tuple[int, str]:
        """How often it was tried, and the last problem."""
        (message,) = self._watches.messages(self.begun.watch.id, state)  # type: ignore[arg-type]
        return message.tries, message.problem


@pytest.mark.usefixtures("all_flagged")
@pytest.mark.parametrize(
    ("statuses", "delays", "came_of_it", "state", "tries", "problem"),
    [
        # The second is not due yet.
        ([500, 503, 204], (0, 0, 7, 420), [(0, 1), (0, 0), (0, 1), (1, 0)], "delivered", 3, ""),
        ([500], [86400] * 10, [(0, 1)] * 8 + [(0, 0)] * 2, "dead", EIGHT_TRIES, "It answered 500."),
        ([410], (0, 86400), [(0, 1), (0, 0)], "dead", 1, "It answered 410."),
    ],
    ids=["fails twice", "fails always", "is gone"],
)
def test_a_receiver_gets_the_same_message_until_it_takes_it_eight_times_at_most(
    trained: Workbench,
    watches: Watches,
    tmp_path: Path,
    statuses: list[int],
    delays: Sequence[float],
    came_of_it: list[tuple[int, int]],
    state: str,
    tries: int,
    problem: str,
) -> None:
    with Receiver(statuses) as receiver:
        message = OneMessage(trained, watches, tmp_path, receiver.url)
        assert [message.sent_after(timedelta(seconds=delay)) for delay in delays] == came_of_it
    assert len(receiver.messages) == tries
    assert len({(headers["webhook-id"], body) for headers, body in receiver.messages}) == 1
    assert receiver.all_signed_with(message.begun.secret)
    assert message.what_became(state) == (tries, problem)
    counts = watches.get(message.begun.watch.id).deliveries
    assert (counts.dead, counts.problem) == (int(state == "dead"), problem)


@pytest.mark.usefixtures("all_flagged")
def test_while_a_receiver_is_down_one_message_is_tried_and_not_each(
    trained: Workbench, watches: Watches, inbox: Path
) -> None:
    with Receiver([500]) as receiver:
        begun = looked_at(watches, inbox, webhook=receiver.url)
        trained.watcher.send_due()
    assert len(receiver.messages) == 1
    assert watches.get(begun.watch.id).deliveries.problem == "It answered 500."


@pytest.mark.usefixtures("all_flagged")
def test_what_is_asked_about_comes_first_blindly_and_teaches_nothing(
    trained: Workbench, watches: Watches, inbox: Path
) -> None:
    labels = trained.concept(NAME).labels
    watch = watches.begin(str(inbox), ask_flagged=1.0, author="me").watch
    asked = watches.look(watch.id).wait().asked
    assert 0 < asked <= 9
    drawn = asked_about(trained, watch)
    first = labels.next_pictures(asked, purpose="evaluation")
    assert [picture.id for picture in first] == drawn
    assert {picture.probability for picture in first} == {None}
    page = watches.flagged(watch.id)
    assert (len(page.flagged), page.held) == (9 - asked, asked)
    measured = labels.count().measure
    answer(trained, NAME, drawn)
    dataset = trained.context.dataset(trained.context.concept(NAME))
    assert set(drawn) <= dataset.reserved
    assert not set(drawn) & {*dataset.training.ids, *dataset.evaluation}
    count = labels.count()
    assert (count.watch, count.measure) == (asked, measured)
    assert watches.flagged(watch.id).held == 0
    right = sum("ellipse" in one.file for one in trained.context.watches.drawn(watch.id))
    found = watches.get(watch.id).precision.right
    assert found is not None
    assert (found.answered, found.right) == (asked, right)


@pytest.mark.usefixtures("all_flagged")
def test_what_looks_like_what_was_answered_or_came_before_is_not_asked_about(
    trained: Workbench, watches: Watches, inbox: Path
) -> None:
    taught = next(iter(trained.context.dataset(trained.context.concept(NAME)).answers))
    shutil.copy(trained.context.collection.paths([taught])[taught], inbox / "answered.png")
    watch = looked_at(watches, inbox, ask=1.0).watch
    assert taught not in asked_about(trained, watch)
    with Image.open(inbox / "ellipse-0000.png") as image:
        image.convert("RGB").save(inbox / "saved-anew.jpg", quality=90)
    assert watches.look(watch.id).wait().asked == 0
    assert watches.get(watch.id).seen == 11


@pytest.mark.usefixtures("all_flagged")
def test_what_came_together_is_asked_about_in_random_order(
    trained: Workbench, watches: Watches, tmp_path: Path
) -> None:
    watch = looked_at(watches, draw_folder(tmp_path / "many", 60, first_seed=5000), ask=1.0).watch
    names = [one.file for one in trained.context.watches.drawn(watch.id)]
    first = [name.partition("-")[0] for name in names[: len(names) // 2]]
    assert set(first) == {"ellipse", "rectangle", "line"}  # by name, no rectangle would be among them


@pytest.mark.usefixtures("all_flagged")
def test_a_stopped_watch_takes_in_nothing_and_asks_no_more(
    trained: Workbench, watches: Watches, inbox: Path
) -> None:
    watch = looked_at(watches, inbox, ask=1.0).watch
    labels, drawn = trained.concept(NAME).labels, set(asked_about(trained, watch))
    assert drawn & {picture.id for picture in labels.next_pictures(200, purpose="evaluation")}
    assert watches.stop(watch.id).stopped is not None
    assert not drawn & {picture.id for picture in labels.next_pictures(200, purpose="evaluation")}
    with pytest.raises(ConflictError, match="not watched any more"):
        watches.look(watch.id)
    assert trained.context.watches.going() == []


def test_the_promise_is_what_was_given_or_certified_or_measured(
    trained: Workbench, watches: Watches, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def promise(**wish: float) -> tuple[float | None, str]:
        watch = watches.begin(str(inbox), author="me", **wish).watch  # type: ignore[arg-type]
        return watch.precision.promised, watch.promised_by

    concept = trained.concept(NAME)
    assert promise() == (None, "")
    assert promise(promised=0.8, version=1) == (0.8, "given")
    concept.certificates.begin(0.5, author="me")
    answer(trained, NAME, list(trained.context.store.certifying_pictures(concept.id)), always="yes")
    number = concept.certificates.keep(author="me").wait().version
    assert promise(version=number) == (0.5, "certified")
    monkeypatch.setattr(waves, "SHARE", 0.5)  # of a small library: figures need enough of each kind
    left = concept.labels.next_pictures(200, purpose="evaluation")
    answer(trained, NAME, [picture.id for picture in left])
    by_hand = concept.versions.use(number, 1e-9, author="me").wait().version
    precision = concept.versions.measure(by_hand).metric("precision")
    assert precision is not None
    assert promise(version=by_hand) == (precision.low, "measured")


@pytest.mark.usefixtures("all_flagged")
def test_the_feed_holds_all_that_was_flagged_page_by_page(watches: Watches, inbox: Path) -> None:
    watch = looked_at(watches, inbox, ask=1.0).watch
    feed, rest = (
        watches.feed(watch.id, 5, start, address="http://here/feed", site="http://here") for start in (0, 5)
    )
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert len(feed["items"]) == 5
    assert feed["next_url"] == "http://here/feed?limit=5&offset=5"
    assert "next_url" not in rest
    assert len({item["id"] for item in (*feed["items"], *rest["items"])}) == 9


def test_a_watcher_begins_a_look_only_where_something_is_new(
    trained: Workbench, watches: Watches, inbox: Path
) -> None:
    watch = watches.begin(str(inbox), author="me").watch
    trained.watcher.look()
    (job,) = [job for job in trained.jobs.store.recent() if job.kind == "watch"]
    trained.jobs.resume(job.id)
    trained.watcher._next.clear()
    trained.watcher.look()
    assert len([job for job in trained.jobs.store.recent() if job.kind == "watch"]) == 1
    assert watches.get(watch.id).seen == 9
