"""Concepts as a whole: their list, another name, a copy. What was said and measured stays as it is."""

from __future__ import annotations

from typing import Any

import pytest
from answering import answer
from statements import statements

from concepts.definition.revisions import definition_of, rename, restore_definition, revise, revisions
from concepts.errors import DiscernError
from concepts.installation.jobs import job_state, newest_jobs
from concepts.labelling.dataset import dataset_of
from concepts.labelling.label_files import label_rows
from concepts.labelling.labels import (
    comment_on,
    decisions_of,
    give_label,
    next_pictures,
    own_comments,
    take_back_labels,
)
from concepts.labelling.mining import mine
from concepts.results import overview
from concepts.results.concepts import begin_concept, concept_state, copy_concept, list_scales, name_now
from concepts.results.heads import head_of, scores_of
from concepts.results.library import browse
from concepts.results.overview import list_concepts, steps_done
from concepts.results.trained import train, use_version
from concepts.use_cases import App, Concept

NAME, OTHER = "Round thing", "Square thing"


def test_a_renamed_concept_keeps_all_it_has_and_its_old_name_leads_to_it(trained: App) -> None:
    bench = trained
    concept = bench.concept(NAME).row
    job = bench.concept(NAME).begin(train).id
    before = concept_state(bench.concept(NAME))
    rows = label_rows(bench.concept(NAME))
    measure = bench.store.evaluation_pictures(concept.id)
    assert rename(bench.concept(NAME), "  Ball ", author="ana") == "Ball"
    for name in ("Ball", NAME, f"id:{concept.id}"):
        now = concept_state(bench.concept(name))
        assert (now.id, now.name) == (concept.id, "Ball")
        assert now.revision.definition == before.revision.definition.model_copy(update={"name": "Ball"})
        assert (now.answers, now.heads) == (before.answers, before.heads)
    (listed,) = list_concepts(bench)
    assert [listed.name] == list(list_scales(bench)) == ["Ball"]
    assert {"Describe", "Label"} <= set(listed.steps_done)
    assert (listed.next_step, listed.next_screen) == ("Label", "/label")  # as its verdict says
    assert label_rows(bench.concept("Ball")) == rows
    assert bench.store.evaluation_pictures(concept.id) == measure
    assert job_state(bench, job).concept == "Ball"
    assert newest_jobs(bench, ["train"], NAME)[0].id == job
    newest = revisions(bench.concept("Ball"))[-1]
    assert (newest.author, newest.note, newest.number) == ("ana", f"renamed from “{NAME}”", 2)
    words = before.revision.definition.model_copy(update={"description": "A ball."})  # read before it
    kept = revise(bench.concept("Ball"), words, author="me", note="other words").definition
    assert (kept.name, kept.description) == ("Ball", "A ball.")
    assert restore_definition(bench.concept("Ball"), 1, author="me", after=3).definition.name == "Ball"


def test_an_old_name_undoes_a_rename_until_another_concept_is_called_so(bench: App) -> None:
    first = concept_state(bench.concept(NAME)).id
    rename(bench.concept(NAME), OTHER, author="me")
    assert rename(bench.concept(OTHER), NAME, author="me") == NAME
    assert name_now(bench, OTHER) == NAME
    rename(bench.concept(NAME), NAME, author="me")
    assert concept_state(bench.concept(NAME)).revisions == 3
    assert rename(bench.concept(NAME), NAME.upper(), author="me") == NAME.upper()
    rename(bench.concept(NAME), "Ball", author="me")
    second = begin_concept(bench, NAME, "Something else.").id
    assert concept_state(bench.concept(NAME)).id == second
    rename(bench.concept(NAME), OTHER, author="me")
    assert concept_state(bench.concept(NAME)).id == second
    rename(bench.concept("Ball"), NAME, author="me")
    assert concept_state(bench.concept(NAME)).id == first


def test_a_name_that_is_taken_or_no_name_changes_nothing(bench: App) -> None:
    begin_concept(bench, OTHER, "A filled rectangle.")
    wrong = {OTHER.upper(): "already", "  ": "can be seen", "x" * 121: "too long", "a/b": "slash"}
    for name, why in wrong.items():
        with pytest.raises(DiscernError, match=why):
            rename(bench.concept(NAME), name, author="me")
        with pytest.raises(DiscernError, match=why):
            copy_concept(bench, NAME, name, author="me")
    assert concept_state(bench.concept(NAME)).revisions == 1
    assert list(list_scales(bench)) == [NAME, OTHER]


def rows_of(concept: Concept) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in label_rows(concept)}


def test_a_duplicate_with_answers_says_whose_they_are_and_from_where(trained: App) -> None:
    concept = trained.concept(NAME)
    same, changed, emptied = (picture.id for picture in next_pictures(concept, 3))
    for picture in (same, changed, emptied):
        give_label(concept, picture, "yes", author="ben", comment="a moon")
    comment_on(concept, changed, "a sun", author="ben", key="changed")
    comment_on(concept, emptied, "", author="ben", key="emptied")
    before = rows_of(concept)
    copy = copy_concept(trained, NAME, OTHER, with_labels=True, author="ana")
    rows = rows_of(copy)
    assert rows.keys() == before.keys()
    kept = ("label", "author", "author_kind", "created", "comment", "definition")
    assert all(rows[i][column] == before[i][column] for i in rows for column in kept)
    assert [rows[i]["comment"] for i in (same, changed, emptied)] == ["a moon", "a sun", ""]
    assert own_comments(copy, [changed, emptied], "ben") == {changed: "a sun"}
    assert {row["from_concept"] for row in rows.values()} == {NAME}
    assert {row["recorded_by"] for row in rows.values()} == {"ana"}
    assert {row["from_concept"] for row in before.values()} == {""}
    copy.begin(train).wait()
    assert len(concept_state(concept).heads) == 1


def test_what_measures_a_duplicate_was_drawn_before_it_had_an_answer(trained: App) -> None:
    concept = trained.concept(NAME)
    answer(trained, NAME, [p.id for p in next_pictures(concept, 12, purpose="evaluation")])
    taught = next(p.id for p in next_pictures(concept, 9) if not p.repeat)
    give_label(concept, taught, "yes", author="me", in_view=True)
    alone = copy_concept(trained, NAME, "Alone", author="me")
    view, words = concept_state(alone), definition_of(concept).definition
    assert view.revision.definition == words.model_copy(update={"name": "Alone"})
    assert revisions(alone)[-1].note == f"duplicated from “{NAME}”"
    assert (alone.name, view.answers.answers, view.heads, view.candidates) == ("Alone", 0, [], 0)
    copy = copy_concept(trained, NAME, OTHER, with_labels=True, author="me")
    dataset, of_alone, source = (dataset_of(one) for one in (copy, alone, concept))
    assert dataset.waves[0].label_sequence == 0
    assert dataset.waves[0].frame == of_alone.waves[0].frame
    assert dataset.evaluation.keys() != source.evaluation.keys()
    known = rows_of(concept).keys() - {taught}
    assert {i for i in dataset.blind if i in dataset.evaluation} == known & dataset.evaluation.keys()
    assert not dataset.reserved & set(dataset.training.ids)
    assert taught not in dataset.blind


def test_other_words_make_test_labels_earlier_in_a_duplicate_too(trained: App) -> None:
    def earlier(concept: Concept) -> list[str]:
        return dataset_of(concept).measuring_labels.left

    concept = trained.concept(NAME)
    answer(trained, NAME, [row.id for row in browse(trained, limit=200).pictures])
    rename(concept, "Ball", author="me")
    assert earlier(concept) == []
    words = definition_of(concept).definition.model_copy(update={"description": "Egg."})
    revise(concept, words, author="me", note="other words")
    copy = copy_concept(trained, "Ball", OTHER, with_labels=True, author="me")
    assert set(earlier(copy)) == trained.store.evaluation_pictures(copy.id).keys()
    assert earlier(concept)


def test_a_list_ten_times_as_long_costs_the_same_and_knows_an_answer_at_once(bench: App) -> None:
    pictures = [picture.id for picture in browse(bench, limit=5).pictures]

    def sent_with(first: int, last: int) -> int:
        for number in range(first, last):
            concept = begin_concept(bench, f"Shape {number}", f"A shape of kind {number}.")
            for picture in pictures[:4]:
                give_label(concept, picture, "yes", author="ana")
        list_concepts(bench)  # what changed since the last look is read once
        with statements(bench.database) as sent:
            list_concepts(bench)
        return len(sent)

    assert sent_with(0, 2) == sent_with(2, 20)
    with statements(bench.database) as sent:
        steps_done(bench, "Shape 19")
    assert not any("annotations.evidence" in statement for statement in sent)
    before = list_concepts(bench)[-1].answers.answers
    give_label(bench.concept("Shape 19"), pictures[4], "no", author="ana")
    assert list_concepts(bench)[-1].answers.answers == before + 1
    take_back_labels(bench.concept("Shape 19"), author="ana", key="back")
    assert list_concepts(bench)[-1].answers.answers == before


def test_a_cover_shows_what_counts_never_a_no(trained: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """People's last yeses first, then what the version flags, then what the words find; never what is to be
    answered blindly."""
    concept, store = trained.concept(NAME), trained.store

    def cover() -> list[str]:
        return list_concepts(trained)[-1].cover

    def said(value: str) -> list[str]:
        return [i for i, decision in decisions_of(concept).items() if decision.value == value]

    use_version(concept, head_of(concept).number, 0.2, author="ana").wait()
    yes = said("yes")
    assert cover() == yes[-3:]
    for picture in yes[1:]:
        give_label(concept, picture, "no", author="simulation", simulated=True)
    head = head_of(concept)
    scores = scores_of(trained.concept_of(concept.id), head)
    flagged = [i for i, p in scores.probability.top(200) if p >= head.threshold]
    noes, apart = set(said("no")), store.kept_apart(concept.id)
    assert noes & set(flagged)
    assert cover() == [yes[0], *(i for i in flagged if i not in noes | apart | {yes[0]})][:3]
    monkeypatch.setattr(overview, "scores_of", lambda concept, head: None)
    give_label(concept, yes[0], "no", author="ana")
    concept.begin(mine).wait()
    found = set(cover())
    assert not found & (decisions_of(concept).keys() | apart)
    assert found <= store.candidates(concept.id).keys()
