"""A watched folder from the command line and in the app, with a real receiver; `kill -9` in between.

The answers are simulated: a drawing counts if its file is called ellipse.
"""

from __future__ import annotations

import shutil
import signal
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from answering import answer
from command_line import rows_of, wait_until
from drawing import draw, draw_folder
from patience import PATIENCE
from receiver import Receiver
from running_app import RunningApp
from soak_load import until

from concepts.labelling.labels import next_pictures
from concepts.results.concepts import begin_concept
from concepts.results.library import import_pictures, look_after
from concepts.results.trained import train, use_version
from concepts.results.watcher import watcher_of
from concepts.results.watching import begin_watching, list_watches
from concepts.rooms import open_app
from concepts.settings import load_settings
from storage.tables import now

NAME = "Round thing"
INTERNAL = "DISCERN_INTERNAL_WEBHOOKS"


@pytest.fixture(scope="session")
def made_trained(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> Path:
    """A home with 60 drawings and a version that calls everything a yes: what is flagged is known."""
    root = tmp_path_factory.mktemp("watch")
    bench = open_app(load_settings(home=root / "home"))
    pictures = draw_folder(root / "pictures", 60)
    import_pictures(bench, [pictures], encoder=f"local-dir:{tiny_open_clip}").wait()
    begin_concept(bench, NAME, "A filled ellipse, not a rectangle.")
    answer(bench, NAME, [picture.id for picture in next_pictures(bench.concept(NAME), 20)])
    bench.concept(NAME).begin(train).wait()
    use_version(bench.concept(NAME), 1, 1e-9, author="me").wait()
    bench.close()
    return root / "home"


@pytest.fixture
def home(made_trained: Path, own_home: Path) -> Path:
    shutil.copytree(made_trained, own_home)
    return own_home


def test_an_internal_address_is_refused_before_anything_is_kept(
    home: Path,
    ended: Callable[..., Any],
    tmp_path: Path,
) -> None:
    inbox = draw_folder(tmp_path / "inbox", 3, first_seed=900)
    watch = ("watch", inbox, "--concept", NAME, "--once")
    refused = ended(*watch, "--webhook", "http://127.0.0.1:9/", "--json")
    assert refused.code == 1
    assert "internal address" in refused.json["error"]
    assert rows_of(home / "discern.sqlite", "watches") == 0
    assert "3 new pictures, 3 flagged" in ended(*watch).out
    assert "asked about, 0 labelled." in ended("concept", "watches", NAME).out


@pytest.mark.slow
def test_without_once_it_goes_on_until_ctrl_c(
    home: Path,
    shell: Any,
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
def test_an_app_that_is_killed_again_and_again_scores_each_picture_once_and_tells_it_by_one_key(
    home: Path, tmp_path: Path
) -> None:
    """While it adds, while it scores and while it sends, with files arriving."""
    inbox, database = tmp_path / "inbox", home / "discern.sqlite"
    inbox.mkdir()
    app = RunningApp(home, "auto", **{INTERNAL: "1"})
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
        bench = open_app(load_settings(internal_webhooks=True))
        # What a killed process had begun to send is due again.
        watcher_of(bench).clock = lambda: now() + timedelta(minutes=2)
        watcher_of(bench).send_due()
    keys = {(event["data"]["file"], key) for event, key in zip(receiver.events, receiver.ids, strict=True)}
    assert len(keys) == len({file for file, _ in keys}) == 300
    (view,) = list_watches(bench.concept(NAME))
    assert (view.seen, view.flagged) == (300, 300)
    assert (view.deliveries.delivered, view.deliveries.waiting, view.deliveries.dead) == (300, 0, 0)
    assert look_after(bench).wait().is_whole


@pytest.mark.slow
def test_the_app_takes_in_what_comes_and_tells_it(home: Path, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    arrived = threading.Event()
    app = RunningApp(home, "auto", **{INTERNAL: "1"})
    with Receiver(before=lambda event: arrived.set()) as receiver:
        app.begin()
        try:
            begun = _begin_when_up(home, inbox, receiver.url)
            draw("ellipse", 4321).save(inbox / "ellipse-new.png")
            assert arrived.wait(PATIENCE), app.is_running
        finally:
            app.stop()
    assert receiver.all_signed_with(begun.secret)
    assert receiver.events[0]["data"]["file"] == "ellipse-new.png"


def _begin_when_up(home: Path, inbox: Path, url: str) -> Any:
    """By another process than the app's, as the command line would."""
    bench = open_app(load_settings(home=home, internal_webhooks=True))
    begun = begin_watching(bench.concept(NAME), inbox, webhook=url, author="me")
    bench.close()
    return begun
