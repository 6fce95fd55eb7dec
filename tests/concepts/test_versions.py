"""Training in the background, quality, another threshold, going back, comparing, bundles and scores.

The answers are simulated: a drawing counts if its file is called ellipse.
"""

from __future__ import annotations

import time
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from answering import Fill, answer_next
from drawing import draw_folder

from concepts.bundle.load import load_bundle
from concepts.encoders import load_encoder
from concepts.encoders.base import Encoder
from concepts.errors import DiscernError, NotEnoughLabelsError
from concepts.labelling import rechecks
from concepts.labelling.dataset import dataset_of
from concepts.labelling.labels import (
    GivenLabel,
    commit_labels,
    contact_sheet,
    decisions_of,
    give_label,
    label_sheet,
)
from concepts.labelling.reasons import Reason
from concepts.labelling.review import ReviewRow
from concepts.learning import waves
from concepts.library.collection import collection_of
from concepts.results.bundles import could_go_along, export_bundle, version_card, write_bundle
from concepts.results.concepts import begin_concept
from concepts.results.heads import head_of
from concepts.results.library_scores import score_cache_of
from concepts.results.review import review_queue
from concepts.results.scores import (
    ranked_library,
    score_file,
    score_folder,
    score_library,
    score_page,
    scored_files,
)
from concepts.results.trained import (
    RANKED,
    STEPS,
    compare_versions,
    evaluate,
    list_versions,
    measure_again,
    train,
    use_version,
    version_quality,
)
from concepts.rooms import open_app
from concepts.settings import load_settings
from concepts.use_cases import App, Concept, SharedResources
from storage.labels import Author

NAME = "Round thing"


def work_off(bench: App) -> None:
    """Runs what waits, as the background threads do."""
    while (job := next((j for j in bench.jobs.store.recent() if j.state == "queued"), None)) is not None:
        bench.jobs.resume(job.id)


def with_a_measured_version(bench: App) -> None:
    """With 27 evaluation pictures and 30 others answered, and one version trained."""
    concept = begin_concept(bench, NAME, "A filled ellipse, not a rectangle.")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waves, "SHARE", 0.3)  # of 91 pictures: figures need ten of each kind
        answer_next(concept, 100, "evaluation")
    for _ in range(3):
        answer_next(concept, 10)
    bench.jobs.start()
    concept.begin(train)
    while any(job.state in ("queued", "running") for job in bench.jobs.store.recent()):
        time.sleep(0.02)


@pytest.fixture(scope="module")
def made_trained(make_home: Callable[[Fill], Path]) -> Path:
    return make_home(with_a_measured_version)


@pytest.fixture
def concept(trained: App) -> Concept:
    return trained.concept(NAME)


def test_that_the_library_is_ranked_is_told_before_it_is_measured(
    concept: Concept, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = concept.begin(evaluate, 1).id
    told: list[tuple[int, int | None]] = []

    def noted(*_: object) -> None:
        now = concept.app.jobs.store.get(job)
        told.append((now.done, now.total))
        raise DiscernError("That will do.")

    monkeypatch.setattr("concepts.results.measuring.evaluate", noted)
    monkeypatch.setattr("concepts.jobs.progress.REPORT_EVERY", 3600)
    with pytest.raises(DiscernError, match="That will do"):
        concept.app.jobs.resume(job)
    assert told == [(RANKED, STEPS)]


def test_a_training_in_the_background_measures_scores_and_draws_the_curve(concept: Concept) -> None:
    (result,) = (job.result for job in concept.app.jobs.store.recent() if job.kind == "train")
    assert result == result | {"version": 1, "number": 1, "new": True, "measured": True}
    view = version_quality(concept)
    assert (view.version.number, view.n, view.simulated, view.waiting) == (1, 27, 27, 0)
    assert not view.stale
    report = view.version.report
    assert report.baselines[0].name == "searching for the words"
    assert (view.at.precision, view.at.recall) == (report.metric("precision"), report.metric("recall"))
    page = score_page(concept, "bottom", limit=500)
    assert view.flagged == sum(one.probability >= view.version.threshold for one in page.pictures)


def trained_again(concept: Concept, target: str = "f1") -> tuple[int, bool]:
    done = concept.begin(train, target=target).wait()
    return done.version, done.new


@pytest.mark.slow
def test_only_what_teaches_something_new_makes_another_version(concept: Concept) -> None:
    taught = set(dataset_of(concept).training.ids)
    picture = next(iter(decisions_of(concept).keys() - taught))
    give_label(concept, picture, "yes", author="ana", key="test picture, once more")
    assert trained_again(concept) == (1, False)
    for version, target in ((2, "precision=0.9"), (3, "recall=0.9")):
        assert trained_again(concept, target) == (version, True)
        assert trained_again(concept, target) == (version, False)
    label_sheet(concept, [one.id for one in contact_sheet(concept)], [], author="ana")
    assert trained_again(concept) == (4, True)


def test_training_takes_a_yes_and_a_no_and_figures_take_answers_that_measure(bench: App) -> None:
    concept = bench.concept(NAME)
    answer_next(concept, 3, always="yes")
    with pytest.raises(NotEnoughLabelsError, match="3 yes and 0 no"):
        concept.begin(train)
    assert list_versions(concept) == []
    assert [job.kind for job in bench.jobs.store.recent()] == ["add pictures"]
    answer_next(concept, 10)
    concept.begin(train)
    work_off(bench)
    view = version_quality(concept)
    assert (view.n, view.rows, view.at, view.curves) == (0, [], None, None)
    assert view.flagged is not None
    with pytest.raises(NotEnoughLabelsError) as caught:
        measure_again(concept)
    assert caught.value.purpose == "evaluation"


def test_another_evaluation_answer_makes_the_report_stale_until_it_is_measured_again_which_can_be_at_once(
    concept: Concept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("concepts.labelling.dataset.to_go", lambda answered, pictures: 60)
    view = version_quality(concept)
    assert (view.stale, view.to_go) == (False, 60)
    picture = next(iter(concept.app.store.evaluation_pictures(1)))
    give_label(concept, picture, "unsure", author="ana", key="a")
    view = version_quality(concept)
    assert (view.stale, view.to_go) == (True, 0)
    measure_again(concept, 1)
    view = version_quality(concept)
    assert (view.stale, view.to_go, view.n) == (False, 60, 26)


def test_an_answer_given_with_the_machine_in_view_is_kept_and_measures_nothing(concept: Concept) -> None:
    def mistakes() -> list[ReviewRow]:
        rows = review_queue(concept.app.concept(NAME), Reason.MISTAKE).rows
        return [row for row in rows if row.purpose == "evaluation"]

    report, measuring = measure_again(concept), mistakes()
    assert measuring
    for row in measuring:
        other = "no" if row.label == "yes" else "yes"
        give_label(concept, row.id, other, author="ana", in_view=True)
    assert mistakes() == []
    assert measure_again(concept).metrics == report.metrics


def test_a_question_asked_again_changes_no_figure_and_says_how_consistent_the_person_is(
    concept: Concept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rechecks, "SHARE", 1)
    measuring = list(concept.app.store.evaluation_pictures(1))
    votes = dataset_of(concept).blind
    first = {f"first {i}": GivenLabel(picture=i, value=votes[i].value) for i in measuring}
    commit_labels(concept, first, Author("ana"))
    before = measure_again(concept)
    assert before.consistency is None
    second = {f"second {i}": GivenLabel(picture=i, value="no", repeat=True) for i in measuring[:20]}
    commit_labels(concept, second, Author("ana"))
    report = measure_again(concept)
    assert (report.metrics, report.labels) == (before.metrics, before.labels)
    changed = sum(votes[i].value == "yes" for i in measuring[:20])
    assert changed
    twice = report.consistency
    assert (twice.n, twice.yes_to_no, twice.no_to_yes, twice.answers) == (20, changed, 0, len(measuring))
    assert f"You labelled {20 - changed} of 20 pictures the same way twice" in " ".join(report.sentences)
    view = version_quality(concept)
    assert (view.stale, view.consistency) == (False, twice)


def test_labels_that_it_learned_from_dont_flatter_what_is_said_of_unlabelled_finds(bench: App) -> None:
    """Test pictures are all a no, so nothing unlabelled counts; what was taught is flagged rightly."""
    concept = bench.concept(NAME)
    answer_next(concept, 18, "evaluation", always="no")
    for _ in range(3):
        answer_next(concept, 10)
    concept.begin(train).wait()
    use_version(concept, 1, 0.01, author="ana").wait()
    report = measure_again(concept)
    assert report.metric("precision").value > 0
    assert (report.unlabelled.value, report.unlabelled.low) == (0, 0)
    assert any("flagged pictures that nobody labelled" in sentence for sentence in report.sentences)


def test_a_threshold_set_by_hand_is_a_version_of_its_own_that_says_so(concept: Concept) -> None:
    for threshold in (0, 1, 1.5, float("nan")):
        with pytest.raises(DiscernError, match="between 0 and 1"):
            use_version(concept, 1, threshold, author="ana")
    assert use_version(concept, 1, 0.999, author="ana").wait().version == 2
    old, new = list_versions(concept)
    assert (new.threshold, new.details["threshold_by"], new.details["made_from"]) == (0.999, "ana", 1)
    assert old.threshold != 0.999
    said = "each threshold there was to choose from"
    assert said in " ".join(new.report.notes)
    assert said in version_card(concept)
    assert said not in version_card(concept, 1)
    found = {figure.name: figure.difference for figure in compare_versions(concept, 1, 2).figures}
    assert found["average_precision"].value == 0
    assert (found["recall"].value or 0) < 0


def test_going_back_keeps_the_older_version_once_more_and_they_differ_in_nothing(concept: Concept) -> None:
    answer_next(concept, 10)
    concept.begin(train).wait()
    assert use_version(concept, 1, author="ana").wait().version == 3
    first, third = head_of(concept, 1), head_of(concept)
    assert (third.weights, third.bias, third.threshold) == (first.weights, first.bias, first.threshold)
    assert (third.number, third.details["copy_of"]) == (3, 1)
    found = compare_versions(concept, 1, 3)
    assert (found.n, found.differently) == (27, 0)
    differences = [figure.difference for figure in found.figures]
    assert {(one.value, one.low, one.high) for one in differences} == {(0, 0, 0)}


def test_a_bundle_is_written_once_and_again_after_measuring(concept: Concept) -> None:
    archive = export_bundle(concept)
    assert archive.name == "round-thing-v1.zip"
    written = archive.stat().st_mtime_ns
    with zipfile.ZipFile(archive) as members:
        inside = set(members.namelist())
    exported = write_bundle(concept, archive.parent / "by hand" / "round-thing-v1", version=1)
    assert {"round-thing-v1/head.onnx", "round-thing-v1/SHA256SUMS"} <= inside
    assert inside == {f"round-thing-v1/{file.name}" for file in Path(exported.folder).iterdir()}
    assert export_bundle(concept).stat().st_mtime_ns == written
    measure_again(concept)
    assert export_bundle(concept).stat().st_mtime_ns > written


def test_concepts_that_share_the_encoder_go_into_one_file(concept: Concept, tmp_path: Path) -> None:
    other = "Square thing"
    assert could_go_along(concept) == []
    begun = begin_concept(concept.app, other, "The same, for once.")
    concept.app.heads.add(begun.id, head_of(concept))
    assert could_go_along(concept) == [other]
    assert write_bundle(concept, tmp_path / "both", also=(other,)).concepts == {NAME: 1, other: 1}
    archive = export_bundle(concept, also=(other,))
    assert archive != export_bundle(concept)
    for bundle in (tmp_path / "both", archive):
        assert load_bundle(bundle).columns == (NAME, other)
    with pytest.raises(DiscernError, match="more than once"):
        write_bundle(concept, tmp_path / "twice", also=(NAME,))


@pytest.mark.parametrize("kept", [True, False], ids=["its facts are kept", "they are damaged"])
def test_after_a_restart_the_library_is_scored_without_loading_the_encoder(
    concept: Concept, kept: bool
) -> None:
    """As long as it is known what the encoder is, which the file would say."""
    concept.app.jobs.resume(score_folder(concept, "", 1, "csv").id)
    (before,) = scored_files(concept)
    encoder = collection_of(concept.app).recorded()
    if not kept:
        (concept.app.settings.cache / f"{encoder.fingerprint}.json").write_text("{}")
    loaded: list[str] = []

    def load(name: str, **more: Any) -> Encoder:
        loaded.append(name)
        return load_encoder(name, **more)

    again = open_app(load_settings(), SharedResources(load=load))
    job = score_folder(again.concept(NAME), "", 1, "csv").id
    again.jobs.resume(job)
    assert score_file(again, job).read_bytes() == score_file(concept.app, before.job).read_bytes()
    assert loaded == ([] if kept else [encoder.name])
    again.close()


def test_a_new_folder_is_scored_into_a_file_to_download_and_no_other_file_can_be(
    concept: Concept, tmp_path: Path
) -> None:
    folder = draw_folder(tmp_path / "new", 9, first_seed=900)
    (folder / "broken.png").write_bytes(b"no picture")
    job = score_folder(concept, str(folder), 1, "parquet").id
    train_job = next(j.id for j in concept.app.jobs.store.recent() if j.kind == "train")
    for none_yet in (job, train_job):
        with pytest.raises(DiscernError, match="no scores"):
            score_file(concept.app, none_yet)
    work_off(concept.app)
    rows = pq.read_table(score_file(concept.app, job)).to_pylist()
    assert sum(np.isfinite(row["score"]) for row in rows if not row["error"]) == 9
    (bad,) = [row for row in rows if row["error"]]
    assert (bad["path"], bad["id"], bad["score"]) == (str(folder / "broken.png"), None, None)
    assert "picture" in bad["error"]
    with pytest.raises(DiscernError, match="isn't there"):
        score_folder(concept, "/no/such/folder", 1, "csv")


def forget_scores(bench: App) -> None:
    """As after a restart."""
    bench.background.submit(lambda: None).result(20)
    score_cache_of(bench).__init__()


def test_the_surest_are_ranked_by_look_alikes_too_until_an_older_version_is_in_use(
    concept: Concept, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranked = partial(ranked_library, concept)
    page = ranked("top", limit=91)
    assert page.by_look_alikes
    alone = score_cache_of(concept.app).of(head_of(concept, 1), collection_of(concept.app).index())
    assert {p.id: p.probability for p in page.pictures} == dict(alone.probability.top(91))
    assert not ranked("borderline").by_look_alikes
    answer_next(concept, 5)
    concept.begin(train).wait()
    assert ranked("top").by_look_alikes
    forget_scores(concept.app)
    assert not ranked("top", version=1).by_look_alikes
    forget_scores(concept.app)
    monkeypatch.setattr("concepts.library.neighbourhood.LARGEST", 90)
    assert not ranked("top").by_look_alikes


def test_a_library_too_large_to_wait_for_is_scored_by_a_job(
    concept: Concept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("concepts.results.heads.SCORED_AT_ONCE", 10)
    forget_scores(concept.app)
    assert score_page(concept, "top") is None
    assert version_quality(concept).flagged is None
    concept.begin(score_library, 1)
    work_off(concept.app)
    page = score_page(concept, "top")
    assert page.total == 91
