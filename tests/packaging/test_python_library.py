"""`discern` as a library: a dozen calls over the Workbench, from pictures to a classifier."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from drawing import draw, draw_folder

from concepts.errors import DiscernError, NotEnoughLabelsError, UnknownConceptError
from discern import Concept, Library
from discern.pictures import Pictures


@pytest.fixture
def library(own_home: Path, tmp_path: Path, tiny_open_clip: Path) -> Iterator[Library]:
    """60 drawings."""
    draw_folder(tmp_path / "pictures", 60)
    with Library(own_home, author="ana") as library:
        added = library.add(tmp_path / "pictures", encoder=f"local-dir:{tiny_open_clip}")
        assert (added.added, added.skipped) == (60, {})
        yield library


def answer(concept: Concept, pictures: Pictures) -> None:
    for picture in pictures:
        concept.answer(picture, "yes" if "ellipse" in picture.path else "no", simulated=True)


@pytest.fixture
def trained(library: Library) -> Concept:
    concept = library.concept("Round thing", "A filled ellipse.")
    answer(concept, concept.next(24))
    answer(concept, concept.next(12, to_measure=True))
    assert concept.train().number == 1
    return concept


def test_the_whole_job(trained: Concept, tmp_path: Path) -> None:
    assert trained.mine(20) == 20
    labelled = trained.machine_label(5)
    assert (labelled.annotator, labelled.labelled, labelled.cost_usd) == ("builtin", 5, None)
    second = trained.train("precision=0.9")
    quality = trained.quality()
    assert (quality.version, quality.n, quality.simulated) == (second.number, 12, 12)
    figure = quality.figures["average_precision"]
    assert figure.n == 12
    assert "simulated" in quality.sentences[0]
    bundle = trained.export(tmp_path / "round")
    assert (bundle / "README.md").is_file()


def test_scores_are_a_table_with_the_likeliest_first(trained: Concept) -> None:
    table = trained.scores()
    assert table.schema == pa.schema(
        [("id", pa.string()), ("path", pa.string()), ("probability", pa.float64()), ("said", pa.string())]
    )
    measure = len(trained.next(60, to_measure=True))
    assert table.num_rows == 60 - measure
    assert table.num_rows - table["said"].to_pylist().count("") == 36


def test_pictures_of_no_library_are_classified(trained: Concept, tmp_path: Path) -> None:
    table = trained.classify(draw_folder(tmp_path / "new", 3, first_seed=900))
    assert table.num_rows == 3
    assert set(table["decision"].to_pylist()) <= {"yes", "no"}
    with pytest.raises(DiscernError, match="Name the pictures"):
        trained.classify()


def test_what_a_program_answers_is_nobodys_answer_and_what_a_person_says_is_theirs(library: Library) -> None:
    concept = library.concept("Round thing", "A filled ellipse.")
    first, second = concept.next(2)
    concept.answer(first, "yes", comment="round")
    concept.answer(second.id, "no", simulated=True)
    rows = {row["id"]: row for row in library.bench.label_files.label_rows("Round thing")}
    assert [rows[first.id][key] for key in ("author", "author_kind", "comment")] == ["ana", "person", "round"]
    assert rows[second.id]["author_kind"] == "simulated"


def test_a_concept_is_begun_once_and_opened_after_that(library: Library) -> None:
    with pytest.raises(UnknownConceptError):
        library.concept("Square thing")
    library.concept("Square thing", "A rectangle.")
    again = library.concept("square THING", "Something else.")
    assert again.name == "Square thing"
    assert (
        library.bench.concept(again.name).definition.read().revision.definition.description == "A rectangle."
    )
    with pytest.raises(NotEnoughLabelsError):
        again.train()


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
