"""`discern` as a library: a dozen calls, from pictures to a classifier."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from drawing import draw, draw_folder

from concepts.labelling.label_files import label_rows
from discern import Library
from discern.library import Pictures


@pytest.fixture
def library(own_home: Path, tmp_path: Path, tiny_open_clip: Path) -> Iterator[Library]:
    """60 drawings."""
    draw_folder(tmp_path / "pictures", 60)
    with Library(own_home, author="ana") as library:
        added = library.add(tmp_path / "pictures", encoder=f"local-dir:{tiny_open_clip}")
        assert (added.added, added.skipped) == (60, {})
        yield library


def test_what_a_program_answers_is_nobodys_answer_and_what_a_person_says_is_theirs(library: Library) -> None:
    concept = library.concept("Round thing", "A filled ellipse.")
    first, second = concept.next(2)
    concept.answer(first, "yes", comment="round")
    concept.answer(second.id, "no", simulated=True)
    rows = {row["id"]: row for row in label_rows(library.app.concept("Round thing"))}
    assert [rows[first.id][key] for key in ("author", "author_kind", "comment")] == ["ana", "person", "round"]
    assert rows[second.id]["author_kind"] == "simulated"


def test_a_notebook_shows_pictures_and_no_markup_of_their_names(library: Library, tmp_path: Path) -> None:
    name = "<img src=x onerror=alert(1)>.png"
    draw("ellipse", 7777).save(tmp_path / name)
    library.add(tmp_path / name)
    found = library.search(like=[str(tmp_path / name)], n=2)
    shown = next(one for one in library.search("round", n=61) if one.path.endswith(name))
    assert shown._repr_png_().startswith(b"\x89PNG")
    html = Pictures([shown])._repr_html_()
    assert "&lt;img src=x" in html
    assert html.count("<img") == 1
    assert found._repr_html_().count("<img") == 2
