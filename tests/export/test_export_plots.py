"""The plots are pictures with something in them, or they are not there."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from concepts.export.plots import COUNTS, DOES_NOT, PLOT_FILES, plot_bytes
from concepts.learning.report import Curves


def pixels_of(png: bytes, colour: str) -> int:
    """How many pixels have exactly this colour."""
    picture = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
    wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return int((picture == wanted).all(axis=2).sum())


def test_each_plot_shows_its_data_in_its_colours(facts, curves):
    plots = plot_bytes(facts, curves)
    assert tuple(plots) == PLOT_FILES
    assert pixels_of(plots["precision_recall.png"], COUNTS) > 2000
    assert pixels_of(plots["reliability.png"], COUNTS) > 200  # two dots
    assert pixels_of(plots["scores.png"], COUNTS) > 5000
    assert pixels_of(plots["scores.png"], DOES_NOT) > 5000


def test_a_plot_with_nothing_to_show_is_not_drawn(facts):
    empty = Curves(
        precision=(), recall=(), reliability=(), histogram_edges=(0, 1), histogram_yes=(0,), histogram_no=(0,)
    )
    assert plot_bytes(facts, empty) == {}


def test_plots_need_no_metrics(head, curves, make_facts):
    bare = make_facts(head, metrics=(), evaluation_labels=())
    assert len(plot_bytes(bare, curves)) == 3
