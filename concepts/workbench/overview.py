"""How far concepts are: what the start page and the list of concepts say of each."""

from __future__ import annotations

import threading
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from concepts.candidates.question_queue import Decisions
from concepts.definition.document import Definition
from concepts.labels.consensus import Decision
from concepts.learning.report import EvaluationReport
from concepts.workbench.concept_views import ConceptSummary
from concepts.workbench.context import ENOUGH_LABELS, JOURNEY
from storage.concepts import ConceptStore
from storage.labels import LabelLog
from storage.overview import Overview, Standing
from storage.tables import ConceptRow

COVERS = 3


@dataclass(frozen=True)
class _Answers:
    """What people decided of one concept, counted. `yes` are the last few ids that count."""

    people: int = 0
    decided: int = 0
    simulated: int = 0
    evaluation: int = 0
    yes: tuple[str, ...] = ()


class ConceptProgress:
    """Where concepts stand. What costs a pass over answers or candidates is kept until either changes."""

    def __init__(self, overview: Overview, store: ConceptStore, log: LabelLog) -> None:
        self._overview, self._store, self._log = overview, store, log
        self._lock = threading.Lock()
        self._decisions: dict[int, Decisions] = {}
        self._counted: dict[int, tuple[tuple[int, int], _Answers]] = {}
        self._found: dict[int, tuple[tuple[int, int], list[str]]] = {}

    def summaries(self, concepts: Sequence[ConceptRow]) -> list[ConceptSummary]:
        standing = self._overview.of([concept.id for concept in concepts])
        return [self._summary(concept, standing[concept.id]) for concept in concepts]

    def steps_done(self, concept: ConceptRow) -> set[str]:
        """The steps of the journey that are behind this concept."""
        standing = self._overview.of([concept.id])[concept.id]
        return _steps_done(standing, self._answers(concept.id, standing))

    def _summary(self, concept: ConceptRow, standing: Standing) -> ConceptSummary:
        answers = self._answers(concept.id, standing)
        done = _steps_done(standing, answers)
        step, screen = next((place for place in JOURNEY if place[0] not in done), JOURNEY[-1])
        found = self._first_found(concept.id, standing) if len(answers.yes) < COVERS else []
        moments = (standing.defined, standing.trained, standing.said)
        return ConceptSummary(
            id=concept.id,
            name=concept.name,
            created=concept.created,
            revision=standing.definition,
            description=standing.document["description"],
            candidates=standing.candidates,
            labels_by_people=answers.people,
            simulated=answers.simulated,
            evaluation_labelled=answers.evaluation,
            heads=standing.heads,
            cover=list(dict.fromkeys([*answers.yes, *found]))[:COVERS],
            quality=_quality_in_words(standing.report),
            next_screen=screen,
            next_step=step,
            steps_done=[name for name, _ in JOURNEY if name in done],
            changed=max(moment for moment in moments if moment),
        )

    def _answers(self, concept_id: int, standing: Standing) -> _Answers:
        """Read and counted again only where an event or a picture to measure with has come."""
        if not standing.sequence:
            return _Answers()
        stamp = standing.sequence, standing.evaluation
        with self._lock:
            kept = self._counted.get(concept_id)
            decisions = self._decisions.setdefault(concept_id, Decisions(self._log, concept_id))
        if kept is None or kept[0] != stamp:
            kept = stamp, _counted(decisions.now(), self._store.evaluation_pictures(concept_id))
            with self._lock:
                self._counted[concept_id] = kept
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


def _counted(decisions: Mapping[str, Decision], evaluation: Container[str]) -> _Answers:
    return _Answers(
        people=len(decisions),
        decided=sum(decision.decided for decision in decisions.values()),
        simulated=sum(decision.simulated for decision in decisions.values()),
        evaluation=sum(i in evaluation for i in decisions),
        yes=tuple([i for i, decision in decisions.items() if decision.value == "yes"][-COVERS:]),
    )


def _steps_done(standing: Standing, answers: _Answers) -> set[str]:
    enough = answers.decided >= ENOUGH_LABELS
    reached = {
        "Define": standing.candidates > 0 or standing.definition > 1,
        "Label": enough,
        "Review": enough and standing.annotated,
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
