"""What is corrected on Quality, where only what the version gets wrong is shown, never improves its figures.

The answers are simulated: a drawing counts if its file is called ellipse, and every sixth answer is a slip.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from drawing import draw_folder
from web_screens import Screens

from concepts.learning import waves
from concepts.settings import Settings
from concepts.workbench import Workbench

NAME = "Round thing"
OF = {"concept": NAME}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> Path:
    """A home with a version that was trained and measured, with slips among both kinds of answers."""
    root = tmp_path_factory.mktemp("corrections")
    bench = Workbench(Settings(home=root / "home"))
    bench.pictures.add_pictures([draw_folder(root / "pictures", 90)], encoder=f"local-dir:{tiny_open_clip}")
    bench.definitions.create_concept(NAME, "A filled ellipse, not a rectangle.")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waves, "SHARE", 0.4)  # of a small library: figures need ten of each kind
        given = bench.answers.next_pictures(NAME, 100, purpose="evaluation")
    given += bench.answers.next_pictures(NAME, 30)
    for place, picture in enumerate(given):
        counts = ("ellipse" in picture.path) != (place % 6 == 5)
        bench.answers.give(NAME, picture.id, "yes" if counts else "no", author="me")
    bench.versions.train(NAME)
    bench.versions.evaluate(NAME)
    bench.close()
    return root / "home"


@pytest.fixture
def bench(made: Path, own_home: Path) -> Workbench:
    shutil.copytree(made, own_home)
    return Workbench(Settings(home=own_home))


def figures(bench: Workbench) -> Any:
    """All that is measured, anew."""
    return bench.versions.evaluate(NAME).model_dump(exclude={"baselines"})


def other(said: str) -> str:
    return "no" if said == "yes" else "yes"


def test_correcting_every_mistake_on_the_screen_changes_no_figure(bench: Workbench) -> None:
    screens, before = Screens(bench), figures(bench)
    mistakes = bench.versions.mistakes(NAME)
    assert {mistake.purpose for mistake in mistakes} == {"train", "evaluation"}
    for number, mistake in enumerate(mistakes):
        value = f'["{mistake.id}", "key {number}"]'
        screens.press("quality-dialog", "answer", value, OF, value=other(mistake.said), comment="")
    assert bench.versions.mistakes(NAME) == []
    assert figures(bench) == before
