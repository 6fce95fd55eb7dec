"""The words of the figures, and downloads, without a browser."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from concepts.bundle.usage import over_rest
from concepts.classifier.quality import HeadView, QualityView
from concepts.classifier.versions import ComparedFigure, VersionComparison
from concepts.errors import UnknownError
from concepts.labelling.dataset import AnswerCount
from concepts.learning.consistency import consistency
from concepts.learning.report import Curves, CutFigures, Metric, Slice
from concepts.workbench.certificates import CertificateView
from concepts.workbench.concept_views import ConceptView
from concepts.workbench.scores import ScoredFile
from web.http.downloads import download_routes
from web.http.problems import handle_problems
from web.render import render, url
from web.screens import check

CURVES = Curves(
    precision=(1, 0.5),
    recall=(0.5, 1),
    reliability=(),
    histogram_edges=(0, 0.5, 1),
    histogram_yes=(1, 3),
    histogram_no=(4, 1),
)
NOTHING = Metric(name="precision", n=2, value=None, note="Too few to say: 3 more <b> needed (there are 2).")


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def version(**changes: Any) -> HeadView:
    about = {"number": 2, "kind": "linear", "definition": 1, "threshold": 0.5, "created": datetime.now(UTC)}
    return HeadView.model_validate(about | {"details": {}, "report": None} | changes)


def measured(at: CutFigures | None, **changes: Any) -> QualityView:
    shown: dict[str, Any] = {
        "n": 9,
        "positives": 4,
        "simulated": 0,
        "waiting": 0,
        "new_answers": 0,
        "stale": False,
    }
    shown |= {
        "rows": [],
        "curves": None,
        "pictures": 100,
        "flagged": None,
        "flagged_at": [],
        "next_look": 30,
        "answered": 9,
        "to_go": 21,
    }
    return QualityView.model_validate({"version": version(), "at": at, **shown, **changes})


def view(**changes: Any) -> ConceptView:
    """A concept with one version."""
    about = {"id": 1, "name": "Ball & co", "created": datetime.now(UTC), "revisions": 1, "candidates": 0}
    about |= {"answers": AnswerCount(), "advice": "", "rare": "", "annotated": 0, "conflicts": []}
    return ConceptView.model_construct(**(about | {"heads": [version()]} | changes))  # type: ignore[arg-type]


def figures(quality: QualityView) -> str:
    return check._figures(view(), quality)


def test_a_figure_with_too_few_labels_is_no_number_but_what_is_missing() -> None:
    row = CutFigures(threshold=0.5, flagged=2, right=1, precision=NOTHING, recall=NOTHING)
    quality = measured(row, curves=CURVES)
    html = check._main(quality, "Ball & co")
    assert "3 more &lt;b&gt; needed" in figures(quality)
    assert "/label?concept=Ball+%26+co" in html
    assert html.count("data-known hidden") == 2
    assert "right: too few tested" in words(html)


def test_a_share_whose_range_is_wide_is_its_range_alone() -> None:
    wide = Metric(name="precision", n=9, value=0.97, low=0.03, high=1)
    narrow = Metric(name="recall", n=90, value=0.68, low=0.51, high=0.8)
    row = CutFigures(threshold=0.5, flagged=2, right=1, precision=wide, recall=narrow)
    shown = words(check._main(measured(row, curves=CURVES), "Ball"))
    assert "3–100 % right" in shown
    assert "68 % found (51–80 %)" in shown
    assert "97 %" not in shown


def test_before_figures_it_says_what_they_take() -> None:
    shown = words(check._main(measured(None, n=0), "Ball"))
    assert "Not tested yet: 21 more test labels." in shown
    assert 'id="threshold"' not in check._main(measured(None), "Ball")


def test_once_it_can_be_tested_that_is_the_one_next_step() -> None:
    html = check._main(measured(None, n=0, stale=True, to_go=0), "Ball")
    assert "Not tested yet: test it." in words(html)
    assert html.count('data-action="measure"') == 1
    assert "/label" not in html
    assert "notice warn" not in html


def test_the_ends_of_the_axis_stand_apart_from_what_the_bars_mean() -> None:
    html = check._main(measured(None, curves=CURVES), "Ball")
    assert "surely not surely yes" in words(html)


def guarantee(**changes: Any) -> str:
    about = {"newest": True, "version": 2, "at_least": 0.9, "confidence": 0.95, "created": datetime.now(UTC)}
    about |= {
        "asked": 54,
        "answered": 12,
        "needed": 36,
        "complete": False,
        "failed": False,
        "threshold": None,
        "n": 0,
    }
    about |= {"errors": 0, "more": 0, "kept_as": None, "sure_yes": None, "sure_no": None, "side": "yes"}
    about |= {"look_yourself": None, "sentence": "What came of it."}
    found = CertificateView.model_validate(about | changes)
    both = {"yes": None, "no": None, found.side: found}
    takes = {side: {0.8: 17, 0.9: 36} for side in both}
    return render("check/guarantees.html", name="Ball", version=version(), takes=takes, found=both)


def test_a_guarantee_says_how_far_it_is_then_what_came_of_it_and_what_to_do() -> None:
    assert "12 of 54 labelled" in words(guarantee())
    assert "What came of it." not in words(guarantee())
    done = {"complete": True, "answered": 54, "n": 40}
    certified = guarantee(**done, threshold=0.8, sure_yes=1300, look_yourself=700)
    assert "Surely yes 1,300" in words(certified)
    assert "To check yourself 700" in words(certified)
    assert 'data-action="keep-line"' in certified
    both = words(guarantee(**done, side="no", threshold=0.1, sure_yes=300, sure_no=1300, look_yourself=400))
    assert "Surely yes 300" in both
    assert "Surely no 1,300" in both
    assert "To check yourself 400" in both
    refused = guarantee(**done, failed=True, errors=2, more=12)
    assert "What came of it." in words(refused)
    assert "A version has one try." in words(refused)
    asked_for = [
        guarantee(**done, failed=True, errors=2, more=12, newest=newest).count('data-action="certify"')
        for newest in (True, False)
    ]
    assert asked_for == [1, 2]  # of the other side alone, and of both


def test_a_version_with_a_guarantee_shows_the_promise_and_no_measured_precision() -> None:
    promise = {"at_least": 0.9, "confidence": 0.95, "n": 40, "errors": 0, "floor": 0.7, "attempt": 1}
    certified = version(details={"certified": promise | {"made_from": 1, "day": "2026-11-25"}})
    row = CutFigures(threshold=0.5, flagged=2, right=1, precision=NOTHING, recall=NOTHING)
    shown = words(check._main(measured(row, version=certified, curves=CURVES), "Ball"))
    assert "With 95 % confidence at least 90 of 100 pictures above the threshold are right." in shown
    assert "too few tested" in shown  # of what it finds
    assert "right: too few tested" not in shown


def test_simulated_labels_are_called_that() -> None:
    for simulated, said in (
        (0, "9 test pictures, 4 count."),
        (9, "labels simulated"),
        (3, "3 labels simulated"),
    ):
        assert said in words(check._main(measured(None, simulated=simulated), "Ball"))


def test_what_the_figures_do_not_cover_is_said() -> None:
    said = "About 148 pictures (42 % of the library) look unlike the test set."
    about = {"n_measured": 60, "n_library": 352, "share_unlike": 0.42, "unlike": 148}
    for sentence in (said, ""):
        covered = {**about, "p_value": 0.002, "sentence": sentence}
        shown = words(check._covered(measured(None, coverage=covered, removed=2)))
        assert (said in shown) == bool(sentence)
        assert "2 test pictures were removed from the library since." in shown


def test_how_often_the_person_said_the_same_twice_is_said_once_there_is_enough() -> None:
    said = [("yes", "yes"), ("no", "no"), ("no", "yes"), ("no", "no"), ("yes", "yes")]
    for times in (1, 2):
        twice = consistency(said * times, answers=60, people=1)
        shown = words(figures(measured(None, consistency=twice)))
        assert ("You labelled 8 of 10 pictures the same way twice" in shown) == (times == 2)
        assert ("Yes became no 0 times, no became yes 2 times" in shown) == (times == 2)


def test_how_many_test_labels_are_of_an_earlier_description_is_said_with_a_way_to_them() -> None:
    said = "60 of 66 test labels were given under an earlier description."
    html = check._main(measured(None, earlier=said, to_label_again=16), "Ball")
    assert said in words(html)
    assert "Label 16 again" in words(html)
    assert "reason=older_test_label" in html


def test_slices_are_listed_with_their_counts_and_the_worst_stays_in_sight() -> None:
    share = Metric(name="precision", n=12, value=0.75, low=0.4281, high=0.9451)
    none = Metric(name="recall", n=0, value=None, note="None there to say it of.")
    parts = (Slice(kind="folder", name="<b>Milk", n=20, precision=share, recall=none),)
    html = render("check/slices.html", slices=parts)
    assert "&lt;b&gt;Milk" in html
    assert "9 of 12 (43–95 %) –" in words(html)
    weak: Any = SimpleNamespace(worst_slice="Weakest in the folder “Milk”.")
    quality = measured(None).model_copy(update={"version": version().model_copy(update={"report": weak})})
    assert "Weakest in the folder “Milk”." in words(check._covered(quality))


def test_a_difference_that_may_be_chance_is_called_no_sure_one() -> None:
    def compared(value: float, low: float, high: float) -> str:
        share = Metric(name="f1", n=50, value=value, low=low, high=high)
        figure = ComparedFigure(name="f1", one=share, other=share, difference=share)
        found = VersionComparison(one=1, other=2, n=50, figures=[figure], differently=3)
        return words(render("check/compared.html", found=found))

    assert "no sure difference" in compared(0.1, -0.1, 0.3)
    assert "version 2 is better" in compared(0.2, 0.1, 0.3)
    assert "version 1 is better" in compared(-0.2, -0.3, -0.1)


def test_scores_of_the_whole_library_are_listed_as_such() -> None:
    file = ScoredFile(
        job=7, folder="", version=3, suffix="csv", rows=12, yes=3, skipped=0, finished=datetime.now(UTC)
    )
    said = words(render("results/score.html", version=3, files=[file], demo=False))
    assert "Your library, version 3 12 pictures, 3 flagged" in said


@pytest.fixture
def downloads(tmp_path: Path) -> TestClient:
    file = tmp_path / "ball-v2.zip"
    file.write_bytes(b"zip")

    def bundle(version: int, *_: object, **__: object) -> Path:
        if version != 2:
            raise UnknownError("It has no such version.", "version")
        return file

    def concept(name: str) -> SimpleNamespace:
        if name != "Ball/s":
            raise UnknownError("There is no such concept.", "concept")
        return SimpleNamespace(exports=SimpleNamespace(bundle=bundle))

    bench: Any = SimpleNamespace(concept=concept)
    app = FastAPI()
    handle_problems(app)
    app.include_router(download_routes(bench))
    return TestClient(app)


def test_a_bundle_is_downloaded_under_its_name(downloads: TestClient) -> None:
    answer = downloads.get(url("/app/bundles/2.zip", "Ball/s"))
    assert (answer.status_code, answer.content) == (200, b"zip")
    assert 'filename="ball-v2.zip"' in answer.headers["content-disposition"]
    assert "no-cache" in answer.headers["cache-control"]


@pytest.mark.parametrize(("concept", "version", "status"), [("Cube", 2, 404), ("Ball/s", 3, 404)])
def test_what_is_not_there_is_said(downloads: TestClient, concept: str, version: int, status: int) -> None:
    answer = downloads.get(f"/app/bundles/{version}.zip", params={"concept": concept})
    assert answer.status_code == status
    assert "no such" in answer.json()["detail"]


def test_a_download_is_named_by_a_number_and_never_by_a_path(downloads: TestClient) -> None:
    for path in ("/app/scores/..%2f..%2fsecret", "/app/bundles/..%2fx.zip?concept=Ball/s"):
        assert downloads.get(path).status_code in (404, 422)
    for number in (2**31, 2**63, 10**40, 0, -1):
        for path in (f"/app/scores/{number}", f"/app/bundles/{number}.zip?concept=Ball/s"):
            assert downloads.get(path).status_code == 422, path


def test_the_rest_lines_name_routes_that_exist() -> None:
    from web.api import create_api

    bench: Any = SimpleNamespace()
    known = create_api(bench).openapi()["paths"]
    patterns = [re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)) + "$") for path in known]
    lines = [line for line in over_rest("Red ball", 3).splitlines() if line.startswith("curl")]
    assert len(lines) == 4
    for line in lines:
        address = next(word for word in shlex.split(line) if word.startswith("$API"))
        path = urlsplit(address.removeprefix("$API")).path
        assert any(pattern.match(path) for pattern in patterns), path
