"""The concepts there are: beginning one, and how far each is on its journey."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from concepts.definition.document import Definition
from concepts.definition.exclusions import sentence_of
from concepts.definition.revisions import AtMost
from concepts.labelling.dataset import AnswerCount
from concepts.labelling.label_cache import LogState, label_cache_of
from concepts.learning.report import EvaluationReport
from concepts.learning.waves import LOOKS, SHARE
from concepts.library.collection import collection_of
from concepts.results.advice import advice, is_enough, settling_of
from concepts.results.concept_views import ConceptSummary
from concepts.results.heads import scores_of
from concepts.results.next_step import NextStep, next_step
from concepts.results.stability import Settling
from concepts.results.verdict import says_all_it_can, verdict
from concepts.use_cases.declaration import use_case
from concepts.use_cases.handles import App, Concept
from concepts.use_cases.parameters import Offset
from storage.frames import Frame
from storage.kept_figures import Follows
from storage.overview import Standing
from storage.tables import ConceptRow

# The steps of a concept, and the screen each is done on.
JOURNEY = (
    ("Describe", "/describe"),
    ("Label", "/label"),
    ("Check", "/check"),
    ("Results", "/results"),
)
COVERS = 3
COVER, NEXT = "cover", "next step"
ALL_TESTS = round(LOOKS[-1] / SHARE)  # pictures from which on a library gives as many test pictures as any


@use_case("GET /concepts", command="concept list")
def list_concepts(app: App, limit: AtMost = 50, offset: Offset = 0) -> list[ConceptSummary]:
    """All concepts and how far they are, the first begun first."""
    concepts = app.store.all(limit, offset)
    ids = [concept.id for concept in concepts]
    standing, settling = app.overview.of(ids), settling_of(app, ids)
    answers = _answers(app, standing, lasting=True)
    rows, follows = {one.id: one for one in concepts}, {}
    for i, one in standing.items():
        counts = f"{one.sequence}/{one.definition}/{one.candidates}/{one.heads}"
        follows[i] = Follows(f"{counts}/{','.join(map(str, sorted(one.looks_in)))}", one.removal)
    covers = label_cache_of(app).figures(COVER, follows, lambda i: _cover(app, rows[i], standing[i]))
    steps = label_cache_of(app).figures(
        NEXT, _follows(app, standing, settling), lambda i: (_next(app, rows[i], standing[i]), True)
    )
    found = []
    for concept in concepts:
        here, count, settled = standing[concept.id], answers[concept.id], settling.get(concept.id)
        report = _report(here)
        done = _steps_done(here, report, is_enough(count, settled))
        step = NextStep.model_validate(steps[concept.id])
        quality = ""
        if report is not None:
            was = Frame.of([one.model_dump() for one in report.looks_in])
            quality = verdict(report).short + ("" if was.ids == here.looks_in else f", in {was.name}")
        found.append(
            ConceptSummary(
                id=concept.id,
                name=concept.name,
                created=concept.created,
                revision=here.definition,
                description=here.document["description"],
                candidates=here.candidates,
                answers=count,
                advice=advice(count, settled),
                heads=here.heads,
                cover=covers[concept.id],
                quality=quality,
                next_screen=step.screen,
                next_step=step.said,
                steps=[name for name, _ in JOURNEY],
                steps_done=[name for name, _ in JOURNEY if name in done],
                changed=max(filter(None, (here.defined, here.trained, here.said))),
            )
        )
    return found


def steps_done(app: App, name: str) -> frozenset[str]:
    """The steps of a concept that have a result; none if there is no such concept."""
    concept = app.store.find(name)
    if concept is None:
        return frozenset()
    standing = app.overview.of([concept.id])
    settling = settling_of(app, [concept.id]).get(concept.id)
    answers = _answers(app, standing, lasting=False)[concept.id]
    here = standing[concept.id]
    return frozenset(_steps_done(here, _report(here), is_enough(answers, settling)))


def _next(app: App, concept: ConceptRow, standing: Standing) -> dict[str, Any]:
    described = standing.candidates > 0 or standing.definition > 1
    return next_step(Concept(app, concept), described=described).model_dump()


def _follows(
    app: App, standing: Mapping[int, Standing], settling: Mapping[int, Settling]
) -> dict[int, Follows]:
    """Concept id → all that its next step follows from, in short."""
    collection, found = collection_of(app), {}
    in_all = collection.library.kept_counts().pictures
    for i, one in standing.items():
        counts = one.sequence, one.definition, one.candidates, one.heads, one.evaluation_id, one.apart
        settled = (settling[i].answers, settling[i].settled, bool(settling[i].left)) if i in settling else ()
        pictures = min(collection.count_for(i) if one.looks_in else in_all, ALL_TESTS)
        state = "/".join(map(str, (*counts, *settled, *sorted(one.looks_in), pictures)))
        found[i] = Follows(state, one.removal)
    return found


def _answers(app: App, standing: Mapping[int, Standing], *, lasting: bool) -> dict[int, AnswerCount]:
    cache = label_cache_of(app)
    states = {
        i: cache.state(i) if one.looks_in else LogState(one.sequence, one.apart, one.removal)
        for i, one in standing.items()
    }
    return cache.counts(states, lasting=lasting)


def _cover(app: App, concept: ConceptRow, standing: Standing) -> tuple[list[str], bool]:
    """Ids of pictures that count: the last few that people say so of; where those are too few also what
    the newest version is surest of, then what the words find. None that anybody answered otherwise, and
    of those that are answered blindly none beforehand. With whether it is for other processes, too: what
    a version flags may not be known yet in this."""
    decisions = label_cache_of(app).decisions(concept.id)
    cover = [i for i, decision in decisions.items() if decision.value == "yes"][-COVERS:]
    if len(cover) == COVERS:
        return cover, True
    closed = decisions.keys() | app.store.kept_apart(concept.id)
    head = app.heads.get(concept.id) if standing.heads else None
    # Nothing that would take long, or is for another encoder's vectors.
    if head is not None and head.fingerprint == collection_of(app).parts.fingerprint(concept.id):
        scores = scores_of(app.concept_of(concept.id), head)
        top = scores.probability.top(COVERS + len(closed)) if scores else []
        flagged = [i for i, p in top if p >= head.threshold and i not in closed]
        cover += flagged[: COVERS - len(cover)]
    if len(cover) < COVERS and standing.candidates:
        definition = Definition.model_validate(standing.document)
        closed |= set(cover)
        candidates = app.store.candidates(concept.id)
        found = {i: by for i, by in candidates.items() if i not in closed}
        cover += _agreed(found, definition)[: COVERS - len(cover)]
    return cover, not standing.heads


def _steps_done(standing: Standing, report: EvaluationReport | None, enough: bool) -> set[str]:
    """Those with a result. Figures from which nothing can be said yet are none."""
    labelled = enough or standing.heads > 0
    reached = {
        # Whoever labelled has said what it is, if only by a sentence.
        "Describe": labelled or standing.candidates > 0 or standing.definition > 1,
        "Label": labelled,
        "Check": standing.evaluated and (report is None or says_all_it_can(report)),
        "Results": standing.evaluated,
    }
    return {step for step, there in reached.items() if there}


def _agreed(candidates: Mapping[str, Sequence[str]], definition: Definition) -> list[str]:
    """Those that more searches for what counts brought than for what only looks similar."""
    counts = {query.text for query in definition.queries if query.counts}
    counts.add(sentence_of(definition))

    def lead(picture_id: str) -> int:
        brought = set(candidates[picture_id])
        return len(brought & counts) - len(brought - counts)

    return sorted((i for i in candidates if lead(i) > 0), key=lambda i: (-lead(i), i))


def _report(standing: Standing) -> EvaluationReport | None:
    """The figures of the newest version."""
    return EvaluationReport.model_validate(standing.report) if standing.report else None
