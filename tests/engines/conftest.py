"""Pictures and empty libraries for whoever looks at pictures, and wherever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from drawing import draw_folder
from engine_work import load_colours

from concepts.jobs.engines import Engine
from concepts.settings import load_settings
from concepts.workbench import SharedResources, Workbench


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """200 drawings, one that is another's twin and one that is none."""
    folder = draw_folder(tmp_path_factory.mktemp("drawn") / "pictures", 200)
    (folder / "twin.png").write_bytes((folder / "ellipse-0000.png").read_bytes())
    (folder / "torn.png").write_bytes((folder / "ellipse-0003.png").read_bytes()[:200])
    return folder


@pytest.fixture
def open_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Workbench]]:
    """A Workbench with an empty library of its own and this engine."""
    opened: list[Workbench] = []

    def open_it(engine: Engine, name: str) -> Workbench:
        monkeypatch.setattr("concepts.workbench.context.engine_of", lambda setting: engine)
        bench = Workbench(load_settings(home=tmp_path / name), SharedResources(load=load_colours))
        opened.append(bench)
        return bench

    yield open_it
    for bench in opened:
        bench.context.jobs.stop()
        bench.context.database.close()
