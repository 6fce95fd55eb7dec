"""How far concepts are: what the start page and the list of concepts say of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from concepts.definition.document import Definition
from concepts.labels.answer_count import AnswerCount
from concepts.learning.report import EvaluationReport
from concepts.workbench.advice import ENOUGH_LABELS
from concepts.workbench.concept_views import ConceptSummary
from concepts.workbench.context import JOURNEY
from concepts.workbench.counting import AnswerCounts
from storage.concepts import ConceptStore
from storage.overview import Overview, Standing
from storage.tables import ConceptRow

COVERS = 3
REVIEW = "Review"


@dataclass(frozen=True)
class Steps:
    """The steps of a concept's journey in order, and those behind it."""

    names: tuple[str, ...]
    done: frozenset[str]


class ConceptProgress:
    """Where concepts stand. What costs a pass over answers or candidates is kept until either changes."""

    def __init__(
        self,
        overview: Overview,
        store: ConceptStore,
        counts: AnswerCounts,
        weight_of: Callable[[ConceptRow], float],
    ) -> None:
        """`weight_of` the machine's labels: what each counts for in training."""
        self._overview, self._store, self._counts, self._weight_of = overview, store, counts, weight_of
        self._weight: dict[int, tuple[tuple[int, int], float]] = {}
        self._yes: dict[int, tuple[int, list[str]]] = {}
        self._found: dict[int, tuple[tuple[int, int], list[str]]] = {}

    def summaries(self, concepts: Sequence[ConceptRow]) -> list[ConceptSummary]:
        standing = self._overview.of([concept.id for concept in concepts])
        return [self._summary(concept, standing[concept.id]) for concept in concepts]

    def steps(self, concept: ConceptRow) -> Steps:
        """The journey of this concept."""
        standing = self._overview.of([concept.id])[concept.id]
        done = _steps_done(standing, self._answers(concept.id, standing))
        return Steps(tuple(name for name, _ in self._journey(concept, standing)), frozenset(done))

    def _summary(self, concept: ConceptRow, standing: Standing) -> ConceptSummary:
        answers = self._answers(concept.id, standing)
        done = _steps_done(standing, answers)
        journey = self._journey(concept, standing)
        step, screen = next((place for place in journey if place[0] not in done), journey[-1])
        yes = self._last_yes(concept.id, standing.sequence) if answers.yes else []
        found = self._first_found(concept.id, standing) if len(yes) < COVERS else []
        moments = (standing.defined, standing.trained, standing.said)
        return ConceptSummary(
            id=concept.id,
            name=concept.name,
            created=concept.created,
            revision=standing.definition,
            description=standing.document["description"],
            candidates=standing.candidates,
            answers=answers,
            heads=standing.heads,
            cover=list(dict.fromkeys([*yes, *found]))[:COVERS],
            quality=_quality_in_words(standing.report),
            next_screen=screen,
            next_step=step,
            steps=[name for name, _ in journey],
            steps_done=[name for name, _ in journey if name in done],
            changed=max(moment for moment in moments if moment),
        )

    def _journey(self, concept: ConceptRow, standing: Standing) -> list[tuple[str, str]]:
        """The steps with their screens. To review what a machine said is one where its labels are used."""
        if standing.annotated:
            stamp = standing.sequence, standing.definition
            kept = self._weight.get(concept.id)
            if kept is None or kept[0] != stamp:
                kept = self._weight[concept.id] = stamp, self._weight_of(concept)
            if kept[1] > 0:
                return list(JOURNEY)
        return [place for place in JOURNEY if place[0] != REVIEW]

    def _answers(self, concept_id: int, standing: Standing) -> AnswerCount:
        if not standing.sequence:
            return AnswerCount(to_measure=standing.evaluation)
        return self._counts.of(concept_id, standing.sequence, standing.evaluation)

    def _last_yes(self, concept_id: int, sequence: int) -> list[str]:
        """Ids of the last few pictures that count."""
        kept = self._yes.get(concept_id)
        if kept is None or kept[0] != sequence:
            decisions = self._counts.decisions(concept_id).now()
            yes = [i for i, decision in decisions.items() if decision.value == "yes"][-COVERS:]
            kept = self._yes[concept_id] = sequence, yes
        return kept[1]

    def _first_found(self, concept_id: int, standing: Standing) -> list[str]:
        """Candidates that many searches for what counts agree on, and few for what only looks similar."""
        if not standing.candidates:
            return []
        stamp = standing.definition, standing.candidates
        kept = self._found.get(concept_id)
        if kept is None or kept[0] != stamp:
            definition = Definition.model_validate(standing.document)
            kept = stamp, _agreed(self._store.candidates(concept_id), definition)
            self._found[concept_id] = kept
        return kept[1]


def _steps_done(standing: Standing, answers: AnswerCount) -> set[str]:
    enough = answers.given >= ENOUGH_LABELS
    reached = {
        "Define": standing.candidates > 0 or standing.definition > 1,
        "Label": enough,
        REVIEW: enough and standing.annotated,
        "Quality": standing.evaluated,
        "Use": standing.evaluated,
    }
    return {step for step, there in reached.items() if there}


def _agreed(candidates: Mapping[str, Sequence[str]], definition: Definition) -> list[str]:
    counts = {definition.description, *(query.text for query in definition.queries if query.counts)}

    def rank(picture_id: str) -> tuple[int, str]:
        brought = set(candidates[picture_id])
        return len(brought - counts) - len(brought & counts), picture_id

    return sorted(candidates, key=rank)[:COVERS]


def _quality_in_words(report: dict[str, object] | None) -> str:
    """The shortest honest sentence about a version."""
    metric = EvaluationReport.model_validate(report).metric("precision") if report else None
    if metric is None or metric.value is None or metric.low is None or metric.high is None:
        return ""
    value, low, high = (round(100 * share) for share in (metric.value, metric.low, metric.high))
    return f"{value} of 100 flagged are right ({low} to {high})"
