"""The image can't be built in every place where tests run, so its parts are checked one by one."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from images import arguments, begun, environment, exec_form, free_port, laid_out, ready, stages

ROOT = Path(__file__).parents[2]
STAGES = stages((ROOT / "Dockerfile").read_text())
*_, APP = STAGES.values()  # the image that is built where none is named: the last


@pytest.mark.parametrize("stage", STAGES)
def test_what_is_copied_exists_and_is_let_through(stage: str) -> None:
    everything, *allowed = (ROOT / ".dockerignore").read_text().split()
    assert everything == "*"
    copies = [line for line in arguments(STAGES[stage], "COPY") if not line.startswith("--from")]
    for source in (name for line in copies for name in line.split()[:-1]):
        assert (ROOT / source).exists(), source
        assert f"!{source}" in allowed, f"{source} is left out by .dockerignore"


def test_it_runs_as_user_1000_on_its_data_volume() -> None:
    (user,) = arguments(APP, "USER")
    assert any(f"useradd --uid 1000 --create-home {user} " in line for line in arguments(APP, "RUN"))
    assert arguments(APP, "VOLUME") == [environment(APP)["DISCERN_HOME"]]
    names = [name for name, _ in APP]
    assert names.index("USER") < names.index("CMD")


def test_the_scorer_runs_as_user_1000_and_serves_the_bundle_it_is_given() -> None:
    scorer = STAGES["scorer"]
    (user,) = arguments(scorer, "USER")
    assert f"useradd --uid 1000 {user}" in arguments(scorer, "RUN")
    (entry,), (bundle,) = arguments(scorer, "ENTRYPOINT"), arguments(scorer, "CMD")
    assert exec_form(entry)[:4] == ["python", "-m", "discern", "serve"]
    assert exec_form(bundle) == ["/bundle.zip"]


def test_no_package_index_is_written_into_it() -> None:
    assert arguments(APP, "ARG") == ["TORCH_INDEX_URL"]
    assert not re.search(r"https?://(?!127\.0\.0\.1)", (ROOT / "Dockerfile").read_text())


def test_what_it_copies_is_enough_to_serve_and_its_health_check_notices(tmp_path: Path) -> None:
    image, log = tmp_path / "app", tmp_path / "log"
    laid_out(APP, ROOT, image)
    settings = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    settings |= environment(APP) | {
        "DISCERN_HOME": str(tmp_path / "data"),
        "DISCERN_HOST": "127.0.0.1",
        "DISCERN_PORT": free_port(),
        "HF_HOME": str(tmp_path / "data" / "huggingface"),
    }

    def healthy() -> bool:
        return begun(arguments(APP, "HEALTHCHECK")[0], image, settings).wait() == 0

    assert not healthy()
    with ready(begun(arguments(APP, "CMD")[0], image, settings), log, healthy):
        pass
    assert not healthy()
