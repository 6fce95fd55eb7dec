"""`discern concept share`: a link, its list and its end, and the page as a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from answering import answer
from command_line import discern  # noqa: F401  # a fixture

from concepts.errors import DiscernError, UnknownShareError
from concepts.settings import load_settings
from concepts.workbench import Workbench

NAME = "Round thing"


def test_a_version_is_shared_by_a_link_and_as_a_file_and_the_link_is_ended(
    pictures: Path,
    discern: Callable[..., Any],  # noqa: F811
    tmp_path: Path,
    own_home: Path,
) -> None:
    bench = Workbench(load_settings())
    answer(bench, NAME, [picture.id for picture in bench.answers.next_pictures(NAME, 12)])
    bench.versions.train(NAME)
    bench.close()
    made = discern("concept", "share", NAME, "--days", 2, "--author", "ana")
    assert made["address"].endswith(made["path"])
    assert [one["author"] for one in discern("concept", "shares", NAME)] == ["ana"]
    assert discern("concept", "share", NAME, "--html", tmp_path / "page.html")["html"]
    assert NAME in (tmp_path / "page.html").read_text(encoding="utf-8")
    with pytest.raises(DiscernError, match="--html"):
        discern("concept", "share", NAME, "--classifier")
    with pytest.raises(UnknownShareError):
        discern("concept", "unshare", NAME, 99)
    assert [one["works"] for one in discern("concept", "unshare", NAME)] == [False]
    assert discern("concept", "unshare", NAME) == []
    deeds = [deed["what"] for deed in discern("audit")]
    assert deeds == ["ended a link", "shared a version as a file", "shared a version"]
