"""Training in the background, quality, another threshold, going back, comparing, bundles and scores.

The answers are simulated: a drawing counts if its file is called ellipse.
"""

from __future__ import annotations

import shutil
import uuid
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from drawing import draw_folder

from concepts.bundle.load import load_bundle
from concepts.encoders import load_encoder
from concepts.encoders.base import Encoder
from concepts.errors import DiscernError, NotEnoughLabelsError
from concepts.labelling import repeats
from concepts.labelling.reasons import Reason
from concepts.learning import waves
from concepts.settings import load_settings
from concepts.workbench import Workbench
from concepts.workbench.shared_resources import SharedResources
from concepts.workbench.versions import RANKED, STEPS
from storage.labels import Author

NAME = "Round thing"
SIMULATED = Author("simulation", "simulated")


def answer(bench: Workbench, purpose: str, n: int, author: Author = SIMULATED) -> None:
    for picture in bench.answers.next_pictures(NAME, n, purpose=purpose):  # type: ignore[arg-type]
        value = "yes" if "ellipse" in picture.path else "no"
        bench.answers.label(NAME, picture.id, value, author=author, key=uuid.uuid4().hex)


def work_off(bench: Workbench) -> None:
    """Runs what waits, as the background threads do."""
    while (job := next((j for j in bench.jobs.store.recent() if j.state == "queued"), None)) is not None:
        bench.jobs.resume(job.id)


@pytest.fixture(scope="module")
def made_trained(made_library: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with 27 evaluation pictures and 30 others answered, and one version trained."""
    home = tmp_path_factory.mktemp("trained") / "home"
    shutil.copytree(made_library[0], home)
    bench = Workbench(load_settings(home=home))
    bench.concepts.begin(NAME, "A filled ellipse, not a rectangle.")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waves, "SHARE", 0.3)  # of 91 pictures: figures need ten of each kind
        answer(bench, "evaluation", 100)
    for _ in range(3):
        answer(bench, "train", 10)
    bench.versions.submit_train(NAME)
    work_off(bench)
    bench.close()
    return home


@pytest.fixture
def trained(made_trained: Path, own_home: Path) -> Workbench:
    """A copy of it for each test."""
    shutil.copytree(made_trained, own_home)
    return Workbench(load_settings())


def test_that_the_library_is_ranked_is_told_before_it_is_measured(
    trained: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = trained.versions.submit_evaluation(NAME, 1)
    told: list[tuple[int, int | None]] = []

    def noted(*_: object) -> None:
        now = trained.jobs.store.get(job)
        told.append((now.done, now.total))
        raise DiscernError("That will do.")

    monkeypatch.setattr("concepts.workbench.versions.evaluate", noted)
    monkeypatch.setattr("concepts.jobs.progress.REPORT_EVERY", 3600)
    with pytest.raises(DiscernError, match="That will do"):
        trained.jobs.resume(job)
    assert told == [(RANKED, STEPS)]


def test_a_training_in_the_background_measures_scores_and_draws_the_curve(trained: Workbench) -> None:
    kinds = {job.kind: job for job in trained.jobs.store.recent()}
    assert kinds["train"].result == {"version": 1, "new": True, "measured": True}
    view = trained.versions.quality(NAME)
    assert (view.version.number, view.n, view.simulated, view.waiting) == (1, 27, 27, 0)
    assert view.version.report is not None
    shuffled = next(b for b in view.version.report.baselines if b.name == "answers shuffled")
    assert shuffled.p_value is not None
    assert any("by chance: p = " in sentence for sentence in view.version.report.sentences)
    assert not view.stale
    curve = trained.versions.learning_curve(NAME)
    assert [point.labels for point in curve] == [5, 10, 15, 20, 30]
    assert all(point.low <= point.value <= point.high for point in curve)


def test_training_again_without_a_new_answer_keeps_the_version(trained: Workbench) -> None:
    trained.versions.submit_train(NAME)
    work_off(trained)
    assert len(trained.concept(NAME).definition.read().heads) == 1
    trained.versions.submit_train(NAME, target="precision=0.9")
    work_off(trained)
    assert len(trained.concept(NAME).definition.read().heads) == 2


def test_the_figures_at_the_threshold_are_those_of_the_report(trained: Workbench) -> None:
    view = trained.versions.quality(NAME)
    assert view.at is not None
    report = view.version.report
    assert report is not None
    for metric in report.metrics:
        if metric.name in ("precision", "recall"):
            mine = getattr(view.at, metric.name)
            assert mine.value == pytest.approx(metric.value)
            assert mine.low == pytest.approx(metric.low)
    assert view.flagged == view.flagged_at[0] - sum(
        p.probability < view.version.threshold for p in all_scored(trained)
    )


def all_scored(bench: Workbench) -> list:  # type: ignore[type-arg]
    page = bench.versions.scored_pictures(NAME, "bottom", size=500)
    assert page is not None
    return page.pictures


def test_before_an_answer_to_measure_with_a_version_has_no_figures_but_scores(bench: Workbench) -> None:
    answer(bench, "train", 10)
    bench.versions.submit_train(NAME)
    work_off(bench)
    view = bench.versions.quality(NAME)
    assert (view.n, view.rows, view.at, view.curves) == (0, [], None, None)
    assert view.flagged is not None
    assert bench.versions.learning_curve(NAME) == []


@pytest.mark.parametrize(("said", "counts"), [(None, "0 yes and 0 no"), ("yes", "3 yes and 0 no")])
def test_without_a_yes_and_a_no_nothing_is_trained(bench: Workbench, said: str | None, counts: str) -> None:
    for picture in bench.answers.next_pictures(NAME, 3) if said else []:
        bench.answers.label(NAME, picture.id, said or "", author=SIMULATED, key=uuid.uuid4().hex)
    for train in (bench.versions.train, bench.versions.submit_train):
        with pytest.raises(NotEnoughLabelsError, match=counts):
            train(NAME)
    assert bench.versions.versions(NAME) == []
    assert [job.kind for job in bench.jobs.store.recent()] == ["add pictures"]


def test_a_version_that_learned_nothing_is_not_exported(trained: Workbench, tmp_path: Path) -> None:
    """Data folders of before 0.1.0 may hold one: it calls every picture a yes."""
    newest = trained.context.heads.get(1)
    assert newest is not None
    older = replace(newest, number=0, kind="text", details={"labels": []})
    number = trained.context.heads.add(1, older).number
    refused = f"Version {number} has learned from no yes and no"
    with pytest.raises(NotEnoughLabelsError, match=refused):
        trained.exports.export(NAME, tmp_path / "out")
    with pytest.raises(NotEnoughLabelsError, match=refused):
        trained.exports.archive(NAME)
    assert not (tmp_path / "out").exists()


def test_another_evaluation_answer_makes_the_report_stale_until_it_is_measured_again(
    trained: Workbench,
) -> None:
    picture = next(iter(trained.context.store.evaluation_pictures(1)))
    trained.answers.label(NAME, picture, "unsure", author=Author("ana"), key="a")
    assert trained.versions.quality(NAME).stale
    trained.versions.submit_evaluation(NAME, 1)
    work_off(trained)
    view = trained.versions.quality(NAME)
    assert (view.stale, view.n) == (False, 26)


def test_an_answer_given_with_the_machine_in_view_is_kept_and_measures_nothing(trained: Workbench) -> None:
    report = trained.versions.evaluate(NAME)
    measuring = [m for m in trained.review.queue(NAME, Reason.MISTAKE).rows if m.purpose == "evaluation"]
    assert measuring
    for number, mistake in enumerate(measuring):
        other = "no" if mistake.label == "yes" else "yes"
        trained.answers.label(NAME, mistake.id, other, author=Author("ana"), key=f"{number}", in_view=True)
    assert [m for m in trained.review.queue(NAME, Reason.MISTAKE).rows if m.purpose == "evaluation"] == []
    assert trained.versions.evaluate(NAME).metrics == report.metrics


def test_a_question_asked_again_changes_no_figure_and_says_how_consistent_the_person_is(
    trained: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeats, "SHARE", 1)
    measuring = list(trained.context.store.evaluation_pictures(1))
    votes = trained.context.dataset(trained.context.concept(NAME)).blind
    first = [(f"first {i}", i, votes[i].value, "") for i in measuring]
    trained.answers.label_many(NAME, first, author=Author("ana"))
    before = trained.versions.evaluate(NAME)
    assert before.consistency is None
    second = [(f"second {i}", i, "no", "") for i in measuring[:20]]
    trained.answers.label_many(NAME, second, author=Author("ana"), repeats=measuring[:20])
    report = trained.versions.evaluate(NAME)
    assert (report.metrics, report.labels) == (before.metrics, before.labels)
    changed = sum(votes[i].value == "yes" for i in measuring[:20])
    assert changed
    twice = report.consistency
    assert twice is not None
    assert (twice.n, twice.yes_to_no, twice.no_to_yes, twice.answers) == (20, changed, 0, len(measuring))
    assert f"You answered {20 - changed} of 20 pictures the same way twice" in " ".join(report.sentences)
    view = trained.versions.quality(NAME)
    assert (view.stale, view.consistency) == (False, twice)


def test_a_mistake_corrected_by_a_person_is_gone(trained: Workbench) -> None:
    page = trained.versions.scored_pictures(NAME, "top", size=91)
    assert page is not None
    picture = max(page.pictures, key=lambda scored: scored.probability).id
    trained.answers.label(NAME, picture, "no", author=Author("ana"), key="a")
    found = [m for m in trained.review.queue(NAME, Reason.MISTAKE).rows if m.id == picture]
    assert [m.label for m in found] == ["no"]
    trained.answers.label(NAME, picture, "yes", author=Author("ana"), key="b", comment="It is round.")
    assert picture not in [m.id for m in trained.review.queue(NAME, Reason.MISTAKE).rows]


def test_a_threshold_set_by_hand_is_a_version_of_its_own_that_says_so(trained: Workbench) -> None:
    assert trained.versions.set_threshold(NAME, 1, 0.9, author="ana") == 2
    work_off(trained)
    old, new = trained.concept(NAME).definition.read().heads
    assert (new.threshold, new.details["threshold_by"], new.details["made_from"]) == (0.9, "ana", 1)
    assert old.threshold != 0.9
    assert new.report is not None
    assert "each threshold there was to choose from" in " ".join(new.report.notes)
    assert "each threshold there was to choose from" in trained.exports.model_card(NAME)
    assert "each threshold there was to choose from" not in trained.exports.model_card(NAME, 1)


@pytest.mark.parametrize("threshold", [0, 1, 1.5, float("nan")])
def test_no_threshold_outside_0_and_1(trained: Workbench, threshold: float) -> None:
    with pytest.raises(DiscernError, match="between 0 and 1"):
        trained.versions.set_threshold(NAME, 1, threshold, author="ana")


def test_going_back_keeps_the_older_version_once_more(trained: Workbench) -> None:
    answer(trained, "train", 10)
    trained.versions.train(NAME)
    assert trained.versions.use_again(NAME, 1, author="ana") == 3
    first, third = trained.context.heads.get(1, 1), trained.context.heads.get(1, 3)
    assert first
    assert third
    assert (third.weights, third.bias, third.threshold) == (first.weights, first.bias, first.threshold)
    assert third.details["copy_of"] == 1
    assert trained.versions.quality(NAME).version.number == 3


def test_a_version_compared_with_its_copy_differs_in_nothing(trained: Workbench) -> None:
    trained.versions.use_again(NAME, 1, author="ana")
    found = trained.versions.compare_versions(NAME, 1, 2)
    assert (found.n, found.differently) == (27, 0)
    for figure in found.figures:
        assert (figure.difference.value, figure.difference.low, figure.difference.high) == (0, 0, 0)


def test_another_threshold_changes_recall_and_not_the_ranking(trained: Workbench) -> None:
    trained.versions.set_threshold(NAME, 1, 0.999, author="ana")
    found = {f.name: f for f in trained.versions.compare_versions(NAME, 1, 2).figures}
    assert found["average_precision"].difference.value == 0
    assert found["recall"].difference.value is not None
    assert found["recall"].difference.value < 0


def test_a_bundle_is_written_once_and_again_after_measuring(trained: Workbench) -> None:
    archive = trained.exports.archive(NAME)
    assert archive.name == "round-thing-v1.zip"
    with zipfile.ZipFile(archive) as members:
        inside = set(members.namelist())
    exported = trained.exports.export(NAME, archive.parent / "by hand" / "round-thing-v1", version=1)
    written_by_hand = {f"round-thing-v1/{file.name}" for file in Path(exported.folder).iterdir()}
    assert {"round-thing-v1/head.onnx", "round-thing-v1/SHA256SUMS"} <= inside
    assert inside == written_by_hand
    archive = trained.exports.archive(NAME)
    written = archive.stat().st_mtime_ns
    assert trained.exports.archive(NAME).stat().st_mtime_ns == written
    trained.versions.evaluate(NAME)
    assert trained.exports.archive(NAME).stat().st_mtime_ns > written


def test_concepts_that_share_the_encoder_go_into_one_file(trained: Workbench, tmp_path: Path) -> None:
    assert trained.exports.could_go_along(NAME) == []
    trained.concepts.begin("Square thing", "The same, for once.")
    other, head = trained.context.concept("Square thing"), trained.context.version(NAME, None)[1]
    trained.context.heads.add(other.id, head)
    assert trained.exports.could_go_along(NAME) == ["Square thing"]
    exported = trained.exports.export(NAME, tmp_path / "both", also=["Square thing"])
    assert exported.concepts == {NAME: 1, "Square thing": 1}
    assert load_bundle(tmp_path / "both").columns == (NAME, "Square thing")
    archive = trained.exports.archive(NAME, also=["Square thing"])
    assert archive != trained.exports.archive(NAME)
    assert load_bundle(archive).columns == (NAME, "Square thing")
    scored = trained.exports.score(tmp_path / "both.zip", [], tmp_path / "scores.parquet")
    assert pq.read_table(scored.out).column_names[2:] == [
        f"{name}: {kind}" for name in (NAME, "Square thing") for kind in ("score", "decision")
    ]
    with pytest.raises(DiscernError, match="more than once"):
        trained.exports.export(NAME, tmp_path / "twice", also=[NAME])


@pytest.mark.parametrize("kept", [True, False], ids=["its facts are kept", "they are damaged"])
def test_after_a_restart_the_library_is_scored_without_loading_the_encoder(
    trained: Workbench, kept: bool
) -> None:
    """As long as it is known what the encoder is, which the file would say."""
    trained.jobs.resume(trained.exports.submit_score_files(NAME, 1, "", "csv"))
    encoder = trained.context.collection.recorded()
    if not kept:
        (trained.context.settings.cache / f"{encoder.fingerprint}.json").write_text("{}")
    loaded: list[str] = []

    def load(name: str, **more: Any) -> Encoder:
        loaded.append(name)
        return load_encoder(name, **more)

    again = Workbench(load_settings(), SharedResources(load=load))
    job = again.exports.submit_score_files(NAME, 1, "", "csv")
    again.jobs.resume(job)
    before = trained.exports.scored_files(NAME)
    assert (
        again.exports.scores_file(job).read_bytes()
        == trained.exports.scores_file(before[-1].job).read_bytes()
    )
    assert loaded == ([] if kept else [encoder.name])
    again.close()


def test_a_new_folder_is_scored_into_a_file_to_download(trained: Workbench, tmp_path: Path) -> None:
    folder = draw_folder(tmp_path / "new", 9, first_seed=900)
    job = trained.exports.submit_score_files(NAME, 1, str(folder), "parquet")
    with pytest.raises(DiscernError, match="no scores"):
        trained.exports.scores_file(job)
    work_off(trained)
    table = pq.read_table(trained.exports.scores_file(job))
    assert table.num_rows == 9
    assert np.isfinite(table["score"].to_numpy()).all()


def test_only_a_file_that_scoring_wrote_can_be_downloaded(trained: Workbench) -> None:
    train_job = next(j.id for j in trained.jobs.store.recent() if j.kind == "train")
    with pytest.raises(DiscernError, match="no scores"):
        trained.exports.scores_file(train_job)
    with pytest.raises(DiscernError, match="isn't there"):
        trained.exports.submit_score_files(NAME, 1, "/no/such/folder", "csv")


def test_the_surest_are_ranked_by_look_alikes_too_until_an_older_version_is_in_use(
    trained: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = trained.versions.ranked_pictures(NAME, "top", size=91)
    assert page.by_look_alikes
    head = trained.context.head(trained.context.concept(NAME), 1)
    alone = trained.context.scores.of(head, trained.context.collection.index().snapshot()).probability
    assert {p.id: p.probability for p in page.pictures} == dict(alone.top(91))
    assert not trained.versions.ranked_pictures(NAME, "borderline").by_look_alikes
    answer(trained, "train", 5)
    trained.versions.train(NAME)
    assert trained.versions.ranked_pictures(NAME, "top").by_look_alikes
    trained.context.background.submit(lambda: None).result(20)
    trained.context.scores.__init__()  # type: ignore[misc]  # as after a restart
    assert not trained.versions.ranked_pictures(NAME, "top", version=1).by_look_alikes
    trained.context.background.submit(lambda: None).result(20)
    trained.context.scores.__init__()  # type: ignore[misc]
    monkeypatch.setattr("concepts.library.neighbourhood.LARGEST", 90)
    assert not trained.versions.ranked_pictures(NAME, "top").by_look_alikes


def test_a_library_too_large_to_wait_for_is_scored_by_a_job(
    trained: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("concepts.workbench.context.SCORED_AT_ONCE", 10)
    trained.context.scores.__init__()  # type: ignore[misc]  # as after a restart
    assert trained.versions.scored_pictures(NAME, "top") is None
    assert trained.versions.quality(NAME).flagged is None
    trained.versions.submit_score_library(NAME, 1)
    work_off(trained)
    page = trained.versions.scored_pictures(NAME, "top")
    assert page is not None
    assert page.total == 91
