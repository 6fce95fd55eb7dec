"""A watched folder from the command line and in the app, with a real receiver; `kill -9` in between.

The answers are simulated: a drawing counts if its file is called ellipse.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from answering import answer
from command_line import discern, ended, rows_of, shell, wait_until  # noqa: F401  # fixtures
from drawing import draw, draw_folder
from patience import PATIENCE
from receiver import Receiver
from running_app import App
from soak_load import until

from concepts.settings import load_settings
from concepts.workbench import Workbench
from storage.tables import now

NAME = "Round thing"
ROOT = Path(__file__).parents[2]
INTERNAL = "DISCERN_INTERNAL_WEBHOOKS"


@pytest.fixture(scope="session")
def made_trained(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> Path:
    """A home with 60 drawings and a version that calls everything a yes: what is flagged is known."""
    root = tmp_path_factory.mktemp("watch")
    bench = Workbench(load_settings(home=root / "home"))
    pictures = draw_folder(root / "pictures", 60)
    bench.library.add([pictures], encoder=f"local-dir:{tiny_open_clip}").wait()
    bench.concepts.begin(NAME, "A filled ellipse, not a rectangle.")
    answer(bench, NAME, [picture.id for picture in bench.concept(NAME).labels.next_pictures(20)])
    bench.concept(NAME).versions.train().wait()
    bench.concept(NAME).versions.use(1, 1e-9, author="me").wait()
    bench.close()
    return root / "home"


@pytest.fixture
def home(made_trained: Path, own_home: Path) -> Path:
    shutil.copytree(made_trained, own_home)
    return own_home


def test_one_look_scores_sends_and_lists(
    home: Path,
    discern: Callable[..., Any],  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(INTERNAL, "1")
    inbox = draw_folder(tmp_path / "inbox", 3, first_seed=900)
    with Receiver() as receiver:
        command = ("watch", inbox, "--concept", NAME, "--webhook", receiver.url, "--ask", 1, "--once")
        first, again = discern(*command), discern(*command)
    assert (first["looked"]["seen"], first["sent"]) == (3, {"delivered": 3, "failed": 0})
    assert (again["looked"]["seen"], again["sent"]["delivered"], again["secret"]) == (0, 0, "")
    assert receiver.all_signed_with(first["secret"])
    assert sorted(event["data"]["file"] for event in receiver.events) == sorted(
        path.name for path in inbox.iterdir()
    )
    (listed,) = discern("concept", "watches", NAME)
    number = listed["id"]
    assert (listed["seen"], listed["flagged"], listed["deliveries"]["delivered"]) == (3, 3, 3)
    assert discern("concept", "flagged", NAME, number)["held"] == listed["precision"]["asked"]
    assert len(discern("concept", "messages", NAME, number, "--state", "delivered")) == 3
    assert listed["precision"]["standing"] == "none"
    assert discern("concept", "stop-watching", NAME, number)["stopped"] is not None


def test_what_is_told_is_for_people(home: Path, ended: Callable[..., Any], tmp_path: Path) -> None:  # noqa: F811
    inbox = draw_folder(tmp_path / "inbox", 3, first_seed=900)
    end = ended("watch", inbox, "--concept", NAME, "--once")
    assert end.code == 0, end.err
    assert "3 new pictures, 3 flagged" in end.out
    assert "asked about, 0 labelled." in ended("concept", "watches", NAME).out


def test_an_internal_address_is_refused_before_anything_is_kept(
    home: Path,
    ended: Callable[..., Any],  # noqa: F811
    tmp_path: Path,
) -> None:
    inbox = draw_folder(tmp_path / "inbox", 1)
    end = ended("watch", inbox, "--concept", NAME, "--webhook", "http://127.0.0.1:9/", "--once", "--json")
    assert end.code == 1
    assert "internal address" in end.json["error"]
    assert rows_of(home / "discern.sqlite", "watches") == 0


@pytest.mark.slow
def test_without_once_it_goes_on_until_ctrl_c(
    home: Path,
    shell: Any,  # noqa: F811
    tmp_path: Path,
) -> None:
    inbox, database = tmp_path / "inbox", home / "discern.sqlite"
    inbox.mkdir()
    going = shell("watch", inbox, "--concept", NAME)
    wait_until(lambda: rows_of(database, "watches") == 1, going)
    draw("ellipse", 4321).save(inbox / "ellipse-new.png")
    wait_until(lambda: rows_of(database, "watched_pictures") == 1, going)
    going.send_signal(signal.SIGINT)
    out, err = going.communicate()
    assert going.returncode == 130, err
    assert "Ctrl-C pauses it" in out
    assert "What was scored is kept." in err


@pytest.mark.slow
def test_killed_while_adding_and_while_sending_nothing_is_scored_twice_and_nothing_is_lost(
    home: Path,
    shell: Any,  # noqa: F811
    tmp_path: Path,
) -> None:
    inbox, database = draw_folder(tmp_path / "inbox", 400, first_seed=900), home / "discern.sqlite"
    before = rows_of(database, "pictures")
    held, dead = threading.Event(), threading.Event()

    def hold(event: Any) -> None:
        if len(receiver.messages) == 5:
            held.set()
            dead.wait()

    with Receiver(before=hold) as receiver:
        command = ("watch", inbox, "--concept", NAME, "--webhook", receiver.url, "--once", "--json")
        environment = {INTERNAL: "1"}

        first = shell(*command, **environment)
        wait_until(lambda: rows_of(database, "pictures") > before, first)
        first.kill()
        first.wait()
        assert rows_of(database, "watched_pictures") == 0

        second = shell(*command, **environment)
        wait_until(held.is_set, second)
        second.kill()
        second.wait()
        dead.set()

        third = shell(*command, **environment)
        assert third.wait() == 0, third.communicate()[1]
        bench = Workbench(load_settings(internal_webhooks=True))
        # What the killed process had begun to send is due again.
        bench.watcher.clock = lambda: now() + timedelta(minutes=2)
        assert bench.watcher.send_due().delivered == 1
    times = Counter(receiver.ids)
    assert len(times) == 400
    assert sorted(times.values()) == [1] * 399 + [2]
    assert {event["data"]["file"] for event in receiver.events} == {path.name for path in inbox.iterdir()}
    (view,) = bench.concept(NAME).watches.all()
    assert (view.seen, view.flagged) == (400, 400)
    assert (view.deliveries.delivered, view.deliveries.waiting, view.deliveries.dead) == (400, 0, 0)
    assert {job.state for job in bench.jobs.store.recent() if job.kind == "watch"} == {"done"}


@pytest.mark.slow
def test_an_app_that_is_killed_again_and_again_scores_each_picture_once_and_tells_it_by_one_key(
    home: Path, tmp_path: Path
) -> None:
    """While it adds, while it scores and while it sends, with files arriving."""
    inbox, database = tmp_path / "inbox", home / "discern.sqlite"
    inbox.mkdir()
    app = App(home, "auto", **{INTERNAL: "1"})
    with Receiver() as receiver:
        app.start()
        _begin_when_up(home, inbox, receiver.url)
        for life, has_begun in enumerate(
            (
                lambda: rows_of(database, "pictures") > 60,
                lambda: rows_of(database, "watched_pictures") > 100,
                lambda: len(receiver.messages) > 200,
            )
        ):
            draw_folder(inbox / str(life), 100, first_seed=1000 * (life + 1))
            until(has_begun)
            app.kill()
            app.start()
        until(lambda: rows_of(database, "watched_pictures") == 300)
        app.stop()
        bench = Workbench(load_settings(internal_webhooks=True))
        # What a killed process had begun to send is due again.
        bench.watcher.clock = lambda: now() + timedelta(minutes=2)
        bench.watcher.send_due()
    keys = {(event["data"]["file"], key) for event, key in zip(receiver.events, receiver.ids, strict=True)}
    assert len(keys) == len({file for file, _ in keys}) == 300
    assert bench.upkeep.check().wait().is_whole


def test_the_app_takes_in_what_comes_and_tells_it(home: Path, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    arrived = threading.Event()
    with Receiver(before=lambda event: arrived.set()) as receiver:
        app = subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=ROOT,
            env=os.environ | {"DISCERN_PORT": "0", INTERNAL: "1", "DISCERN_HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            begun = _begin_when_up(home, inbox, receiver.url)
            draw("ellipse", 4321).save(inbox / "ellipse-new.png")
            assert arrived.wait(PATIENCE), (app.poll(), begun)
        finally:
            app.terminate()
            app.communicate()
    assert receiver.all_signed_with(begun.secret)
    assert receiver.events[0]["data"]["file"] == "ellipse-new.png"


def _begin_when_up(home: Path, inbox: Path, url: str) -> Any:
    """By another process than the app's, as the command line would."""
    bench = Workbench(load_settings(home=home, internal_webhooks=True))
    begun = bench.concept(NAME).watches.begin(inbox, webhook=url, author="me")
    bench.close()
    return begun
