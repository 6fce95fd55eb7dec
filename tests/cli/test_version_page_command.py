"""`discern concept export --html`: the one-file page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from answering import answer
from command_line import discern  # noqa: F401  # a fixture

from concepts.errors import DiscernError
from concepts.settings import load_settings
from concepts.workbench import Workbench

NAME = "Round thing"


def test_a_page_is_written_and_the_audit_says_by_whom(
    pictures: Path,
    discern: Callable[..., Any],  # noqa: F811
    tmp_path: Path,
    own_home: Path,
) -> None:
    bench = Workbench(load_settings())
    answer(bench, NAME, [picture.id for picture in bench.concept(NAME).labels.next_pictures(12)])
    bench.concept(NAME).versions.train().wait()
    bench.close()
    page = tmp_path / "page.html"
    written = discern("concept", "export", NAME, "--html", page, "--author", "ana")
    assert written == {"html": str(page)}
    assert NAME in page.read_text(encoding="utf-8")
    with pytest.raises(DiscernError, match="--html"):
        discern("concept", "export", NAME, "--out", tmp_path / "bundle", "--classifier")
    with pytest.raises(DiscernError, match="--html"):
        discern("concept", "export", NAME, "--html", page, "--page")
    with pytest.raises(DiscernError, match="--out"):
        discern("concept", "export", NAME)
    (deed,) = discern("audit")
    assert (deed["who"], deed["what"]) == (
        "ana",
        "shared a version as a file",
    )
