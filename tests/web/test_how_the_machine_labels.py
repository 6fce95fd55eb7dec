"""Review says how the machine labels, takes the person's choice, and says what each step decided."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from drawing import draw_folder
from simulated_annotator import serving
from web_screens import Screens

from concepts.collaborator.annotating import AnnotateResult
from concepts.collaborator.cascade import Step
from concepts.settings import load_settings
from concepts.workbench import Workbench
from concepts.workbench.jobs import Annotate

NAME = "Round thing"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tiny_open_clip: Path) -> Iterator[Workbench]:
    with serving(monkeypatch):
        bench = Workbench(load_settings(home=tmp_path / "home"))
        bench.library.add([draw_folder(tmp_path / "p", 30)], encoder=f"local-dir:{tiny_open_clip}").wait()
        bench.concepts.begin(NAME, "A filled ellipse.")
        bench.concept(NAME).definition.mine(size=20).wait()
        yield bench


@pytest.mark.parametrize(("how", "rounds"), [("", None), ("at once", 1)])
def test_the_form_offers_rounds_and_all_at_once(bench: Workbench, how: str, rounds: int | None) -> None:
    screens = Screens(bench)
    form = screens.load("review", concept=NAME)["review-main"]
    assert "after each the classifier chooses what to ask next" in form
    screens.press("review-main", "annotate", "", {"concept": NAME}, how=how)
    (job,) = [job for job in bench.context.jobs.store.recent() if job.kind == Annotate.kind]
    assert (job.arguments["rounds"], job.arguments["cascade"]) == (rounds, None)


def test_cheap_first_says_what_it_takes_before_anybody_is_asked(bench: Workbench) -> None:
    shown = Screens(bench).press("review-main", "annotate", "", {"concept": NAME}, how="cheap first")
    assert "pictures without an answer" in shown["review-said"]
    assert not [job for job in bench.context.jobs.store.recent() if job.kind == Annotate.kind]


def test_what_each_step_decided_is_shown(bench: Workbench) -> None:
    step = Step(by="a small model", decided=12, taken=True, n=60, errors=0, sentence="wrong in at most 5 %")
    done = AnnotateResult(
        annotator="a small model",
        annotated=12,
        failed=[],
        ratings={},
        calls=12,
        cost_usd=None,
        stopped="",
        steps=(step,),
    )
    bench.context.jobs.register(Annotate, lambda job, progress: done)
    bench.concept(NAME).annotations.annotate().wait()
    top = Screens(bench).load("review", concept=NAME)["review-top"]
    assert "12 pictures</b> by a small model: wrong in at most 5 %" in top
