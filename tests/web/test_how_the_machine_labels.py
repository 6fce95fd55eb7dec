"""Review says how the machine labels, and takes the person's choice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from drawing import draw_folder
from fake_openai import FakeOpenAI
from simulated_annotator import judge
from web_screens import Screens

from concepts.settings import load_settings
from concepts.workbench import Workbench
from concepts.workbench.jobs import Annotate
from storage.tables import StoredJob

NAME = "Round thing"


@pytest.fixture(scope="module")
def model() -> Iterator[FakeOpenAI]:
    with FakeOpenAI(judge) as model:
        yield model


@pytest.fixture(autouse=True)
def set_again(model: FakeOpenAI, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the module's Workbench reads its settings from again when a screen keeps a secret."""
    monkeypatch.setenv("OPENAI_BASE_URL", model.base_url)
    monkeypatch.setenv("DISCERN_VLM_MODEL", "simulated-model")


@pytest.fixture(scope="module")
def bench(
    tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path, model: FakeOpenAI
) -> Iterator[Workbench]:
    """Whose jobs only wait."""
    root = tmp_path_factory.mktemp("labels")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_BASE_URL", model.base_url)
        patch.setenv("DISCERN_VLM_MODEL", "simulated-model")
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


@pytest.mark.parametrize(("how", "rounds"), [("", None), ("at once", 1)])
def test_the_form_offers_rounds_and_all_at_once(
    bench: Workbench, screens: Screens, how: str, rounds: int | None
) -> None:
    form = screens.load("label/review", concept=NAME)["review-main"]
    assert "in rounds" in form
    screens.press("review-main", "annotate", "", {"concept": NAME}, how=how)
    (job,) = waiting(bench)
    assert job.arguments["rounds"] == rounds
    bench.installation.cancel_job(job.id)
