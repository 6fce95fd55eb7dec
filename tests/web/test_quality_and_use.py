"""Charts, the words of the figures, and downloads, without a browser."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from concepts.classifier.quality import CurvePoint, ThresholdRow
from concepts.classifier.versions import Comparison
from concepts.errors import DiscernError, UnknownConceptError
from concepts.export.usage import over_rest
from concepts.learning.report import Metric, ReliabilityBin
from web import charts
from web.http.downloads import download_routes
from web.screens import quality_parts, use_parts

NOTHING = Metric(
    name="precision",
    n=2,
    value=None,
    low=None,
    high=None,
    note="Too few to say: 3 more <b> needed (there are 2).",
)


def texts(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_every_chart_says_in_words_and_in_a_table_what_it_draws() -> None:
    drawn = [
        charts.precision_recall([1.0, 0.5], [0.5, 1.0], (0.5, 1.0)),
        charts.reliability([ReliabilityBin(predicted=0.2, observed=0.25, low=0.1, high=0.5, n=12)]),
        charts.learning_curve([(5, 0.6, 0.4, 0.8), (30, 0.9, 0.8, 0.95)]),
    ]
    for chart in drawn:
        assert re.search(r'role="img" aria-label="[^"]{30,}"', chart)
        assert "<summary>As a table</summary>" in chart
    assert "At the threshold: 100 right, 50 found." in drawn[0]
    assert "25 % (10–50)" in texts(drawn[1])
    assert "0.80–0.95" in texts(drawn[2])


def test_the_histogram_draws_a_bar_for_each_bin_that_holds_a_picture() -> None:
    chart = charts.histogram([0, 0.5, 1], [0, 9], [4, 1])
    assert chart.count("<rect") == 3
    tall = [float(h) for h in re.findall(r'height="([\d.]+)" class="yes"', chart)]
    deep = [float(h) for h in re.findall(r'height="([\d.]+)" class="no"', chart)]
    assert tall[0] == 100
    assert deep[0] / tall[0] == pytest.approx(2 / 3, abs=0.01)  # roots of 4 and 9


def test_a_figure_with_too_few_answers_is_no_number_but_what_is_missing() -> None:
    row = ThresholdRow(threshold=0.5, flagged=2, right=1, precision=NOTHING, recall=NOTHING)
    html = quality_parts._missing(row, "Ball & co")
    assert "3 more &lt;b&gt; needed" in html
    assert "/label?concept=Ball+%26+co" in html
    assert "data-known hidden" in quality_parts._line("precision", "Of 100 ", " are right ", NOTHING)


def test_a_difference_that_may_be_chance_is_called_no_sure_one() -> None:
    def share(value: float, low: float, high: float) -> Metric:
        return Metric(name="precision", n=20, value=value, low=low, high=high)

    found = Comparison(one=1, other=2, n=50, figures=[], differently=3)
    assert use_parts._verdict(share(0.1, -0.1, 0.3), found) == "no sure difference"
    assert use_parts._verdict(share(0.2, 0.1, 0.3), found) == "version 2 is better"
    assert use_parts._verdict(share(-0.2, -0.3, -0.1), found) == "version 1 is better"


def test_a_flat_end_of_the_learning_curve_says_that_more_answers_help_little() -> None:
    def points(*values: float) -> list[CurvePoint]:
        return [CurvePoint(labels=10 * (i + 1), value=v, low=v, high=v) for i, v in enumerate(values)]

    assert "help little" in quality_parts.curve_panel(points(0.5, 0.9, 0.9, 0.91), going=False)
    assert "still help" in quality_parts.curve_panel(points(0.5, 0.7, 0.8, 0.9), going=False)


@pytest.fixture
def downloads(tmp_path: Path) -> TestClient:
    file = tmp_path / "ball-v2.zip"
    file.write_bytes(b"zip")

    def bundle_archive(name: str, version: int) -> Path:
        if name != "Ball/s":
            raise UnknownConceptError("There is no such concept.")
        if version != 2:
            raise DiscernError("It has no such version.")
        return file

    bench: Any = SimpleNamespace(versions=SimpleNamespace(bundle_archive=bundle_archive))
    app = FastAPI()
    app.include_router(download_routes(bench))
    return TestClient(app)


def test_a_bundle_is_downloaded_under_its_name(downloads: TestClient) -> None:
    answer = downloads.get(use_parts.bundle_address("Ball/s", 2))
    assert (answer.status_code, answer.content) == (200, b"zip")
    assert 'filename="ball-v2.zip"' in answer.headers["content-disposition"]
    assert "no-cache" in answer.headers["cache-control"]


@pytest.mark.parametrize(("concept", "version", "status"), [("Cube", 2, 404), ("Ball/s", 3, 409)])
def test_what_is_not_there_is_said(downloads: TestClient, concept: str, version: int, status: int) -> None:
    answer = downloads.get(f"/app/bundles/{version}.zip", params={"concept": concept})
    assert answer.status_code == status
    assert "no such" in answer.json()["detail"]


def test_a_download_is_named_by_a_number_and_never_by_a_path(downloads: TestClient) -> None:
    for path in ("/app/scores/..%2f..%2fsecret", "/app/bundles/..%2fx.zip?concept=Ball/s"):
        assert downloads.get(path).status_code in (404, 422)


def test_the_rest_lines_name_routes_that_exist() -> None:
    from web.api import create_api

    bench: Any = SimpleNamespace()
    known = create_api(bench).openapi()["paths"]
    patterns = [re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)) + "$") for path in known]
    lines = [line for line in over_rest("Red ball", 3).splitlines() if line.startswith("curl")]
    assert len(lines) == 3
    for line in lines:
        address = next(word for word in shlex.split(line) if word.startswith("$API"))
        path = urlsplit(address.removeprefix("$API")).path
        assert any(pattern.match(path) for pattern in patterns), path
