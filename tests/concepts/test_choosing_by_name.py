"""What is registered can be chosen; what isn't is refused before anything is done."""

from __future__ import annotations

from dataclasses import replace

import pytest
from answering import answer

from concepts.collaborator.annotations import annotate
from concepts.errors import NotEnoughLabelsError, WrongUsageError
from concepts.labelling.labels import next_pictures
from concepts.results.concepts import concept_state
from concepts.results.heads import head_of
from concepts.results.trained import train
from concepts.results.training import way_of
from concepts.use_cases import Concept

NAME = "Round thing"


@pytest.mark.slow
def test_the_head_chosen_is_trained_and_remembered_and_another_one_is_a_new_version(concept: Concept) -> None:
    for purpose, n in (("evaluation", 100), ("train", 10), ("train", 10), ("train", 10)):
        pictures = next_pictures(concept, n, purpose=purpose)
        answer(concept.app, NAME, [picture.id for picture in pictures])
    concept.begin(train).wait()
    for head in ("line", "lda", "lda", "logistic"):  # in the background
        concept.begin(train, head=head)
        for job in concept.app.jobs.store.recent():
            if job.state == "queued":
                concept.app.jobs.resume(job.id)
    first, *others = concept_state(concept).heads
    assert [head.kind for head in others] == ["logistic", "lda", "logistic"]
    assert [head.details["head"] for head in (first, *others)] == ["auto", "line", "lda", "logistic"]
    newest = head_of(concept)
    assert way_of(newest) == "logistic"
    assert way_of(replace(newest, details={"head": "gone"})) == "auto"


def test_what_is_not_registered_or_lacks_answers_is_refused_and_not_kept(concept: Concept) -> None:
    with pytest.raises(WrongUsageError, match=r"no head “forest”.*auto, line, text, lda, logistic"):
        concept.begin(train, head="forest")
    with pytest.raises(WrongUsageError, match=r"no annotator “oracle”.*auto, builtin, vlm"):
        concept.begin(annotate, annotator="oracle")
    assert not {"annotate", "train"} & {job.kind for job in concept.app.jobs.store.recent()}
    with pytest.raises(NotEnoughLabelsError, match="there are 0 yes and 0 no"):
        concept.begin(train, head="lda").wait()
    assert concept_state(concept).heads == []
