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
from storage.tables import StoredJob

NAME = "Round thing"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> Iterator[Workbench]:
    """Whose jobs only wait."""
    root = tmp_path_factory.mktemp("labels")
    with pytest.MonkeyPatch.context() as patch, serving(patch):
        bench = Workbench(load_settings(home=root / "home"))
        bench.library.add([draw_folder(root / "p", 30)], encoder=f"local-dir:{tiny_open_clip}").wait()
        bench.concepts.begin(NAME, "A filled ellipse.")
        bench.concept(NAME).definition.mine(size=20).wait()
        yield bench
        bench.close()


@pytest.fixture(scope="module")
def screens(bench: Workbench) -> Screens:
    return Screens(bench)


def waiting(bench: Workbench) -> list[StoredJob]:
    """Jobs that annotate."""
    return [job for job in bench.jobs.store.recent() if job.kind == Annotate.kind and job.state == "queued"]


def test_cheap_first_says_what_it_takes_before_anybody_is_asked(bench: Workbench, screens: Screens) -> None:
    shown = screens.press("review-main", "annotate", "", {"concept": NAME}, how="cheap first")
    assert "unlabelled pictures" in shown["review-said"]
    assert waiting(bench) == []


@pytest.mark.parametrize(("how", "rounds"), [("", None), ("at once", 1)])
def test_the_form_offers_rounds_and_all_at_once(
    bench: Workbench, screens: Screens, how: str, rounds: int | None
) -> None:
    form = screens.load("label/review", concept=NAME)["review-main"]
    assert "in rounds" in form
    screens.press("review-main", "annotate", "", {"concept": NAME}, how=how)
    (job,) = waiting(bench)
    assert (job.arguments["rounds"], job.arguments["cascade"]) == (rounds, None)
    bench.installation.cancel_job(job.id)


def test_what_each_step_decided_is_shown(bench: Workbench, screens: Screens) -> None:
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
    top = screens.load("label/review", concept=NAME)["review-top"]
    assert "12 pictures</b> by a small model: wrong in at most 5 %" in top
