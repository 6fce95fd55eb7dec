"""`kill -9` in the middle, then the same command: as if nothing had happened, and nothing paid twice."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import rows_of, wait_until
from drawing import draw_folder
from fake_openai import FakeOpenAI, Request

from concepts.settings import load_settings
from concepts.workbench import Workbench


def contents(home: Path) -> tuple[list[str], Any, dict[str, tuple[str, ...]]]:
    """Ids, vectors and sources of a library."""
    bench = Workbench(load_settings(home=home))
    index = bench.context.collection.index().snapshot()
    ids = list(index.ids)
    pictures = bench.context.collection.library.pictures(bench.context.collection.library.all_ids())
    assert bench.pictures.library_info().pending == 0
    return ids, index.vectors(ids), {picture.id: picture.sources for picture in pictures}


@pytest.mark.slow
def test_a_killed_add_goes_on_and_ends_like_an_undisturbed_one(
    shell: Any, tmp_path: Path, tiny_open_clip: Path
) -> None:
    folder = draw_folder(tmp_path / "pictures", 600)
    (folder / "bad.png").write_text("not a picture")
    command = ("library", "add", folder, "--encoder", f"local-dir:{tiny_open_clip}")
    killed, undisturbed = tmp_path / "killed", tmp_path / "undisturbed"

    first = shell(*command, DISCERN_HOME=str(killed))
    wait_until(lambda: rows_of(killed / "discern.sqlite", "pictures") > 0, first)
    first.kill()
    first.wait()
    assert rows_of(killed / "discern.sqlite", "pictures") < 600

    for home in (killed, undisturbed):
        again = shell(*command, DISCERN_HOME=str(home))
        assert again.wait() == 0, again.communicate()[1]
    (ids, vectors, sources), (other_ids, other_vectors, other_sources) = (
        contents(killed),
        contents(undisturbed),
    )
    assert ids == other_ids
    assert len(ids) == 600
    assert sources == other_sources
    np.testing.assert_allclose(vectors, other_vectors, atol=2e-3)  # float16; batches differ after a kill
    assert [job.state for job in Workbench(load_settings(home=killed)).jobs.store.recent()] == ["done"]


@pytest.mark.slow
def test_a_killed_annotation_pays_for_no_picture_twice(
    shell: Any, tmp_path: Path, tiny_open_clip: Path
) -> None:
    folder = draw_folder(tmp_path / "pictures", 40)
    answered: Counter[str] = Counter()
    stalled, dead = threading.Event(), threading.Event()

    def judge(request: Request) -> dict[str, Any]:
        """A SIMULATED model: it rates by the hash of the picture."""
        digest = hashlib.sha256(request.pictures[0]).hexdigest()
        if len(answered) >= 12 and not dead.is_set():
            stalled.set()
            dead.wait()  # these answers never arrive: their reader was killed
            return {"evidence": [], "rationale": "too late", "rating": 3}
        answered[digest] += 1
        return {"evidence": [], "rationale": "simulated", "rating": int(digest, 16) % 5 + 1}

    with FakeOpenAI(judge) as model:
        home = tmp_path / "killed"
        environment = {
            "DISCERN_HOME": str(home),
            "OPENAI_BASE_URL": model.base_url,
            "DISCERN_VLM_MODEL": "simulated-model",
            "DISCERN_VLM_PRICE": "1/2",
            "DISCERN_MODEL_CONCURRENCY": "1",
        }
        for command in (
            ("library", "add", folder, "--encoder", f"local-dir:{tiny_open_clip}"),
            ("concept", "new", "Round thing", "--description", "A filled ellipse."),
            ("concept", "mine", "Round thing"),
        ):
            step = shell(*command, **environment)
            assert step.wait() == 0, step.communicate()[1]
        annotate = ("concept", "annotate", "Round thing", "--limit", 20, "--budget", 1)
        first = shell(*annotate, **environment)
        wait_until(stalled.is_set, first)
        first.kill()
        first.wait()
        dead.set()
        again = shell(*annotate, **environment)
        assert again.wait() == 0, again.communicate()[1]

    bench = Workbench(load_settings(home=home))
    labels = [
        row["id"] for row in bench.label_files.label_rows("Round thing") if row["author_kind"] == "annotator"
    ]
    assert len(labels) == len(set(labels)) == 20
    assert sum(answered.values()) == len(answered) == 20
    assert rows_of(home / "discern.sqlite", "annotations") == 20
