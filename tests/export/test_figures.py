"""A figure says in words and numbers what it draws, and is drawn the same on a page and in a file."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from bundles import make_facts

from concepts.bundle import figures
from concepts.bundle.figures import PLOT_FILES, bare_drawing, drawing, figures_of, svg_file
from concepts.learning.report import Curves, Metric

SVG = "{http://www.w3.org/2000/svg}"


def test_each_plot_of_a_bundle_is_a_file_with_the_marks_of_the_page_and_its_own_style(facts, curves):
    plots = figures_of(facts.concepts[0], curves)
    assert tuple(plots) == PLOT_FILES
    for figure in plots.values():
        file = ElementTree.fromstring(svg_file(figure))
        assert {e.tag for e in file.iter()} >= {f"{SVG}svg", f"{SVG}style", f"{SVG}path", f"{SVG}text"}
        page = ElementTree.fromstring(drawing(figure))
        marks, on_page = ([mark.get("class") for mark in svg.iter()] for svg in (file, page))
        assert [mark for mark in marks if mark] == [mark for mark in on_page if mark]


def of(**more):
    """Curves with nothing to show but this."""
    nothing = dict.fromkeys(("precision", "recall", "reliability"), ())
    empty = {"histogram_edges": (0, 1), "histogram_yes": (0,), "histogram_no": (0,)}
    return Curves.model_validate(nothing | empty | more)


def test_a_figure_with_nothing_to_show_is_not_drawn_and_none_needs_metrics(head, facts, curves):
    assert figures_of(facts.concepts[0], of()) == {}
    bare = make_facts(head, metrics=(), evaluation_labels=()).concepts[0]
    assert len(figures_of(bare, curves)) == 3


def test_every_figure_says_in_words_and_in_a_table_what_it_draws(curves):
    every = precision_recall, reliability, _ = [
        figures.precision_recall(curves, 0.3, (0.9, 0.87)),
        figures.reliability(curves),
        figures.scores(curves, 0.5),
    ]
    for figure in every:
        assert len(figure.said) > 30
        assert figure.caption
        assert figure.rows
        assert all(len(row) == len(figure.columns) for row in figure.rows)
        svg = ElementTree.fromstring(drawing(figure))
        drawn = [e for e in svg.iter() if e.get("class") and e.get("class") != "grid"]
        assert len(drawn) == len(figure.marks)
        assert svg.get("aria-label") == figure.said
        assert {figure.x.label, figure.y.label} <= {e.text for e in svg.iter("text")}
    assert "At the threshold: 87 right, 90 found." in precision_recall.said
    assert ("90 %", "95 % (80–99)", "40") in reliability.rows


def test_no_word_of_a_figure_is_markup(curves):
    hostile = figures.PlotFigure(
        **(vars(figures.reliability(curves)) | {"said": "<script>'\"", "x": figures.Axis("<b>&", ())})
    )
    svg = ElementTree.fromstring(drawing(hostile))
    assert svg.get("aria-label") == "<script>'\""
    assert "<b>&" in [e.text for e in svg.iter("text")]
    assert [e.tag for e in svg.iter()].count("script") == 0


def test_the_threshold_stands_at_the_figures_that_are_said_unless_these_are_wide():
    sure, unsure = (Metric(name="recall", value=0.41, low=low, high=0.6, n=40) for low in (0.3, 0.1))
    assert figures.place(sure, sure) == (0.41, 0.41)
    assert figures.place(sure, unsure) is figures.place(None, sure) is None


def test_scores_go_up_for_what_counts_and_down_for_the_rest_by_square_roots():
    figure = figures.scores(of(histogram_edges=(0, 0.5, 1), histogram_yes=(0, 9), histogram_no=(4, 1)), 0.5)
    bars = [mark for mark in figure.marks if isinstance(mark, figures.Bar)]
    up = next(bar for bar in bars if bar.role == "yes")
    down = [bar for bar in bars if bar.role == "no"]
    assert len(bars) == 3
    assert up.bottom == down[0].top == 0.5
    assert (down[0].top - down[0].bottom) / (up.top - up.bottom) == pytest.approx(2 / 3)  # roots of 4 and 9
    assert figure.rows == (("0.00–0.50", "0", "4"), ("0.50–1.00", "9", "1"))
    bare = bare_drawing(figure)
    assert len(re.findall("<rect", bare)) == 3
    assert "threshold" not in bare


def test_numbers_beside_dots_do_not_run_into_each_other():
    close = [{"predicted": p, "observed": p, "n": 3} for p in (0.01, 0.02, 0.03, 0.5)]
    marks = figures.reliability(of(reliability=close)).marks
    assert [mark.words for mark in marks if isinstance(mark, figures.Dot)] == ["3", "", "", "3"]
