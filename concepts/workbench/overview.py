"""How far concepts are: what the start page and the list of concepts say of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from concepts.classifier.stability import Settling
from concepts.definition.document import Definition
from concepts.labelling.dataset import AnswerCount
from concepts.learning.report import EvaluationReport
from concepts.workbench.concept_views import ConceptSummary
from concepts.workbench.context import JOURNEY
from concepts.workbench.counting import AnswerCounts, Stamp, StatCache, advice, is_enough
from storage.concepts import ConceptStore
from storage.frames import Frame
from storage.kept_figures import KeptFigure
from storage.overview import Overview, Standing
from storage.tables import ConceptRow

COVERS = 3
REVIEW = "Review"
COVER, WEIGHT = "cover", "weight"


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
        figures: StatCache,
        weight_of: Callable[[ConceptRow], float],
        flagged_of: Callable[[ConceptRow, int], list[str]],
        settling_of: Callable[[Sequence[int]], Mapping[int, Settling]],
    ) -> None:
        """`weight_of` the machine's labels: what each counts for in training; `flagged_of`: at most so many
        pictures that the newest version flags, the surest first; `settling_of`: what more answers would
        change, where that is known."""
        self._overview, self._store, self._counts, self._figures = overview, store, counts, figures
        self._weight_of, self._flagged_of, self._settling_of = weight_of, flagged_of, settling_of

    def summaries(self, concepts: Sequence[ConceptRow]) -> list[ConceptSummary]:
        ids = [concept.id for concept in concepts]
        standing, settling = self._overview.of(ids), self._settling_of(ids)
        answers = self._answers(standing, lasting=True)
        used = self._used(concepts, standing, lasting=True)
        covers = self._covers(concepts, standing)
        return [
            self._summary(
                one, standing[one.id], answers[one.id], settling.get(one.id), one.id in used, covers[one.id]
            )
            for one in concepts
        ]

    def steps(self, concept: ConceptRow) -> Steps:
        """The journey of this concept."""
        standing = self._overview.of([concept.id])
        settling = self._settling_of([concept.id]).get(concept.id)
        answers = self._answers(standing, lasting=False)[concept.id]
        journey = _journey(bool(self._used([concept], standing, lasting=False)))
        done = _steps_done(standing[concept.id], is_enough(answers, settling))
        return Steps(tuple(name for name, _ in journey), frozenset(done))

    def _summary(
        self,
        concept: ConceptRow,
        standing: Standing,
        answers: AnswerCount,
        settling: Settling | None,
        used: bool,
        cover: list[str],
    ) -> ConceptSummary:
        done = _steps_done(standing, is_enough(answers, settling))
        journey = _journey(used)
        step, screen = next((place for place in journey if place[0] not in done), journey[-1])
        moments = (standing.defined, standing.trained, standing.said)
        return ConceptSummary(
            id=concept.id,
            name=concept.name,
            created=concept.created,
            revision=standing.definition,
            description=standing.document["description"],
            candidates=standing.candidates,
            answers=answers,
            advice=advice(answers, settling),
            heads=standing.heads,
            cover=cover,
            quality=_quality_in_words(standing.report, standing.looks_in),
            next_screen=screen,
            next_step=step,
            steps=[name for name, _ in journey],
            steps_done=[name for name, _ in journey if name in done],
            changed=max(moment for moment in moments if moment),
        )

    def _answers(self, standing: Mapping[int, Standing], *, lasting: bool) -> dict[int, AnswerCount]:
        stamps = {
            i: Stamp(one.sequence, one.evaluation, one.apart, one.removal)
            for i, one in standing.items()
            if one.sequence and not one.looks_in
        }
        found = self._counts.of(stamps, lasting=lasting)
        for i, one in standing.items():
            if i not in found:
                inside = one.looks_in
                found[i] = self._counts.now(i) if inside else AnswerCount(to_measure=one.evaluation)
        return found

    def _used(
        self, concepts: Sequence[ConceptRow], standing: Mapping[int, Standing], *, lasting: bool
    ) -> set[int]:
        """The concepts whose machine's labels count for something in training."""
        annotated = {one.id: one for one in concepts if standing[one.id].annotated}
        now = {
            i: (f"{standing[i].sequence}/{standing[i].definition}", standing[i].removal) for i in annotated
        }
        weights = self._figures.known(WEIGHT, now)
        new = {i: self._weight_of(one) for i, one in annotated.items() if i not in weights}
        self._figures.keep(WEIGHT, {i: KeptFigure(*now[i], new[i]) for i in new}, lasting=lasting)
        return {i for i, weight in (weights | new).items() if weight > 0}

    def _covers(
        self, concepts: Sequence[ConceptRow], standing: Mapping[int, Standing]
    ) -> dict[int, list[str]]:
        """Ids of pictures that count: the last few that people say so of; where those are too few also what
        the newest version is surest of, then what the words find. None that anybody answered otherwise, and
        of those that are answered blindly none beforehand."""
        now = {i: (_cover_follows(one), one.removal) for i, one in standing.items()}
        covers = self._figures.known(COVER, now)
        chosen = {one.id: self._chosen(one, standing[one.id]) for one in concepts if one.id not in covers}
        for lasting in (True, False):
            new = {i: KeptFigure(*now[i], cover) for i, (cover, lasts) in chosen.items() if lasts is lasting}
            self._figures.keep(COVER, new, lasting=lasting)
        return covers | {i: cover for i, (cover, _) in chosen.items()}

    def _chosen(self, concept: ConceptRow, standing: Standing) -> tuple[list[str], bool]:
        """With whether it is for other processes, too: what a version flags may not be known yet in this."""
        decisions = self._counts.decisions(concept.id).now() if standing.sequence else {}
        cover = [i for i, decision in decisions.items() if decision.value == "yes"][-COVERS:]
        if len(cover) == COVERS:
            return cover, True
        closed = decisions.keys() | self._store.kept_apart(concept.id)
        flagged = self._flagged_of(concept, COVERS + len(closed)) if standing.heads else []
        cover += [i for i in flagged if i not in closed][: COVERS - len(cover)]
        if len(cover) < COVERS and standing.candidates:
            definition = Definition.model_validate(standing.document)
            closed |= set(cover)
            found = {i: by for i, by in self._store.candidates(concept.id).items() if i not in closed}
            cover += _agreed(found, definition)[: COVERS - len(cover)]
        return cover, not standing.heads


def _journey(used: bool) -> list[tuple[str, str]]:
    """The steps with their screens. To review what a machine said is one where its labels are `used`."""
    return [place for place in JOURNEY if used or place[0] != REVIEW]


def _cover_follows(standing: Standing) -> str:
    looks_in = ",".join(map(str, sorted(standing.looks_in)))
    return f"{standing.sequence}/{standing.definition}/{standing.candidates}/{standing.heads}/{looks_in}"


def _steps_done(standing: Standing, enough: bool) -> set[str]:
    reached = {
        # Whoever labelled enough has said what it is, if only by a sentence.
        "Define": enough or standing.candidates > 0 or standing.definition > 1,
        "Label": enough,
        REVIEW: enough and standing.annotated,
        "Quality": standing.evaluated,
        "Use": standing.evaluated,
    }
    return {step for step, there in reached.items() if there}


def _agreed(candidates: Mapping[str, Sequence[str]], definition: Definition) -> list[str]:
    """Those that more searches for what counts brought than for what only looks similar."""
    counts = {definition.description, *(query.text for query in definition.queries if query.counts)}

    def lead(picture_id: str) -> int:
        brought = set(candidates[picture_id])
        return len(brought & counts) - len(brought - counts)

    return sorted((i for i in candidates if lead(i) > 0), key=lambda i: (-lead(i), i))


def _quality_in_words(report: dict[str, object] | None, looks_in: frozenset[int]) -> str:
    """The shortest honest sentence about a version, with what it is of where the concept looks elsewhere."""
    kept = EvaluationReport.model_validate(report) if report else None
    metric = kept.metric("precision") if kept else None
    if kept is None or metric is None or metric.value is None or metric.low is None or metric.high is None:
        return ""
    value, low, high = (round(100 * share) for share in (metric.value, metric.low, metric.high))
    was = Frame.of([one.model_dump() for one in kept.looks_in])
    of = "" if was.ids == looks_in else f", in {was.name}"
    return f"{value} of 100 flagged are right ({low} to {high}){of}"
