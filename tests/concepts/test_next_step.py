"""What to do next with a concept: Home and Check say the same."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from statements import statements

from concepts.labelling.dataset import AnswerCount
from concepts.labelling.labels import give_label
from concepts.learning.report import EvaluationReport
from concepts.results.advice import advice_for
from concepts.results.library import browse
from concepts.results.next_step import STEPS, after_training, before_training, next_step, verdict_now
from concepts.results.overview import list_concepts
from concepts.results.trained import train, version_quality
from concepts.results.verdict import Verdict
from concepts.use_cases import App

NAME = "Round thing"


@pytest.mark.parametrize(
    ("labels", "enough", "described", "said"),
    [
        ({}, False, False, "Describe"),
        ({}, False, True, "Label"),
        ({"answers": 3, "yes": 3, "teach_yes": 3}, False, False, "Label"),
        ({"answers": 100, "yes": 50, "no": 50, "teach_yes": 50, "teach_no": 50}, True, True, "Train"),
    ],
)
def test_before_the_first_version_it_is_described_labelled_and_trained(
    labels: dict[str, int], enough: bool, described: bool, said: str
) -> None:
    step = before_training(AnswerCount(**labels), enough=enough, described=described)
    assert step.said == said


@pytest.mark.parametrize("does", ["label", "test", "pictures", "threshold", "results"])
def test_after_it_the_verdict_decides_unless_there_are_labels_to_learn_from(does: Any) -> None:
    said, found = Verdict("Good", "do it", does), cast(EvaluationReport, SimpleNamespace(n=80))
    again = " again" if does == "test" else ""
    assert after_training(said, found, 0).said == STEPS[does][0] + again
    assert after_training(said, found, 1).said == "Train again"
    assert after_training(said, None, 0).said == STEPS[does][0]


def test_home_says_what_check_says_after_every_label_and_every_version(trained: App) -> None:
    concept = trained.concept(NAME)

    def both() -> tuple[str, str]:
        quality = version_quality(concept)
        said = verdict_now(
            quality.version.report, advice_for(concept), stale=quality.stale, to_go=quality.to_go
        )
        on_check = after_training(said, quality.version.report, quality.new_answers)
        (listed,) = list_concepts(trained)
        assert listed.next_screen == on_check.screen
        return listed.next_step, on_check.said

    seen = set()
    for n, picture in enumerate(browse(trained, limit=60).pictures):
        give_label(concept, picture.id, "no" if n % 3 else "yes", author="ana")
        home, check = both()
        assert home == check
        seen.add(home)
    concept.begin(train).wait()
    home, check = both()
    assert home == check == next_step(concept, described=True).said
    assert "Train again" in seen
    assert home != "Train again"


def test_a_process_that_has_just_begun_reads_no_label_for_it(
    trained: App, open_home: Callable[[], App]
) -> None:
    give_label(trained.concept(NAME), browse(trained, limit=1).pictures[0].id, "yes", author="ana")
    before = list_concepts(trained)
    process = open_home()
    with statements(process.database) as sent:
        assert list_concepts(process) == before
    assert not any("label_events.value" in statement for statement in sent)
