"""The concepts there are: beginning one, and how far each is on its journey."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, ValidationError

from concepts.definition.document import Definition
from concepts.definition.editing import exclude
from concepts.definition.exclusions import sentence_of
from concepts.definition.revisions import AtMost
from concepts.errors import DiscernError, WrongUsageError
from concepts.labelling.dataset import AnswerCount
from concepts.labelling.label_cache import LogState
from concepts.labelling.waves import draw_evaluation
from concepts.learning.report import EvaluationReport
from concepts.learning.scale import FEWEST_GRADES, MOST_CLASSES, MOST_GRADES, Scale
from concepts.results.advice import advice, is_enough, settling_of
from concepts.results.verdict import says_all_it_can, verdict, wants_labels
from concepts.use_cases.names import checked_name
from concepts.use_cases.parameters import AuthorName, Flag, Offset
from concepts.workbench.concept_views import ConceptSummary, ConceptView, ScaleView, scale_view
from concepts.workbench.context import JOURNEY
from concepts.workbench.operation import operation
from storage.frames import Frame
from storage.kept_figures import Follows
from storage.overview import Overview, Standing
from storage.tables import ConceptRow

if TYPE_CHECKING:
    from concepts.workbench import Workbench
    from concepts.workbench.concept import Concept

COVERS = 3
COVER = "cover"
NAMEABLE = r"^[^/\\]*[^/\\\s][^/\\]*$"

Name = Annotated[
    str,
    Field(
        min_length=1,
        max_length=1000,
        pattern=NAMEABLE,
        description="Its name: at most 120 characters, without slashes and control characters.",
    ),
]
Description = Annotated[str, Field(max_length=2000, description="One sentence: what counts.")]
Excluding = Annotated[
    list[str] | None,
    Flag("--not"),
    Field(max_length=50, description="What doesn't count, a kind of picture each; may be given repeatedly."),
]
ExamplePictures = Annotated[
    list[str] | None,
    Flag("--example"),
    Field(max_length=50, description="A picture that counts, by its id or path; may be given repeatedly."),
]
FromConcept = Annotated[
    str,
    Flag("--from"),
    Field(
        alias="from",
        max_length=120,
        description="Another concept whose definition and history it gets instead of a description. It has "
        "no versions, and test pictures of its own.",
    ),
]
WithLabels = Annotated[bool, Field(description="With the labels of that concept, too.")]
Grades = Annotated[
    int | None,
    Flag("--graded"),
    Field(
        ge=FEWEST_GRADES,
        le=MOST_GRADES,
        description="Label by grades: 1 to this many, the last the most.",
    ),
]
CountsFrom = Annotated[
    int | None,
    Field(
        ge=2,
        le=MOST_GRADES,
        description="The lowest grade that counts as a yes; without it the middle one, of 5 the 3.",
    ),
]
GradeNames = Annotated[
    list[str] | None,
    Field(
        max_length=MOST_GRADES,
        description="What the grades are called: the lowest and the highest, or every one; in one text with "
        "commas between, or one by one.",
    ),
]
Classes = Annotated[
    list[str] | None,
    Field(
        max_length=MOST_CLASSES,
        description="Label by one of 2 to 9 classes, or none of them: their names, in one text with commas "
        "between, or one by one.",
    ),
]


class Concepts:
    """What is to be recognised. What costs a pass over labels or candidates is kept until either changes."""

    def __init__(self, bench: Workbench) -> None:
        self._bench, self._context = bench, bench.context
        self._overview = Overview(bench.context.database)

    @operation("GET /concepts", command="concept list")
    def all(self, limit: AtMost = 50, offset: Offset = 0) -> list[ConceptSummary]:
        """All concepts and how far they are, the first begun first."""
        concepts = self._context.store.all(limit, offset)
        ids = [concept.id for concept in concepts]
        standing, settling = self._overview.of(ids), settling_of(self._context, ids)
        answers = self._answers(standing, lasting=True)
        rows, follows = {one.id: one for one in concepts}, {}
        for i, one in standing.items():
            counts = f"{one.sequence}/{one.definition}/{one.candidates}/{one.heads}"
            follows[i] = Follows(f"{counts}/{','.join(map(str, sorted(one.looks_in)))}", one.removal)
        covers = self._context.label_cache.figures(
            COVER, follows, lambda i: self._cover(rows[i], standing[i])
        )
        found = []
        for concept in concepts:
            here, count, settled = standing[concept.id], answers[concept.id], settling.get(concept.id)
            report = _report(here)
            done = _steps_done(here, report, is_enough(count, settled))
            step, screen = _next_step(here, report, done)
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
                    next_screen=screen,
                    next_step=step,
                    steps=[name for name, _ in JOURNEY],
                    steps_done=[name for name, _ in JOURNEY if name in done],
                    changed=max(filter(None, (here.defined, here.trained, here.said))),
                )
            )
        return found

    @operation("POST /concepts", command="concept new", audit="began a concept")
    def new(
        self,
        name: Name,
        *,
        description: Description = "",
        source: FromConcept = "",
        with_labels: WithLabels = False,
        excluding: Excluding = None,
        examples: ExamplePictures = None,
        grades: Grades = None,
        counts_from: CountsFrom = None,
        grade_names: GradeNames = None,
        classes: Classes = None,
        author: AuthorName,
    ) -> ConceptView:
        """Begin a concept from a name and a sentence, or from another concept. It is labelled yes or no
        unless it has grades or classes. Test pictures are set aside meanwhile."""
        scale = scale_from(grades, counts_from, grade_names, classes)
        if source and not (description or excluding or examples or scale):
            begun = self.copy(source, name, with_labels=with_labels, author=author)
        elif description and not (source or with_labels):
            begun = self.begin(
                name,
                description,
                excluding=excluding or (),
                examples=examples or (),
                author=author,
                scale=scale,
            )
        else:
            raise WrongUsageError("Give a description, or the concept to begin from, but not both.")
        return begun.definition.read()

    def begin(
        self,
        name: str,
        description: str,
        *,
        excluding: Sequence[str] = (),
        examples: Sequence[str] = (),
        author: str = "me",
        scale: Scale | None = None,
    ) -> Concept:
        """A concept whose test pictures are drawn before anything else sees them: in the background where
        jobs run, and whatever learns waits for that. `excluding`: kinds of pictures that don't count.
        `scale`: it is answered by grades or classes, not by yes and no."""
        ids = tuple(self._context.collection.library.resolve(example) for example in examples)
        try:
            begun = Definition(name=checked_name(name), description=description, examples=ids)
        except ValidationError as error:
            first = error.errors()[0]
            raise DiscernError(f"The {first['loc'][0]} can't be used: {first['msg']}.") from error
        definition = exclude(begun, excluding)
        row = self._context.store.create(definition.name, scale.as_document() if scale else None)
        self._context.store.add_definition(row.id, definition.model_dump(mode="json"), author, "begun")
        if not self._bench.jobs.is_started:
            self._context.draw_evaluation(row)
        elif self._context.collection.library.encoder() is not None:
            self._context.concept_of(row.id).submit(draw_evaluation)
        return self._bench.concept_of(row.id)

    def copy(self, source: str, name: str, *, with_labels: bool = False, author: str) -> Concept:
        """Another concept with the same definition and its history, and with those of people `with_labels`.
        Versions, figures, candidates and what machines said are not taken along.

        What measures stays honest:

        - It looks in the same collections. Its own pictures to measure with are drawn first, from there or
          from the whole library, by a seed of its own, before it has any answer. So what was answered had no
          part in what is drawn.
        - An answer that falls on one of those measures only if it was given blindly there, and teaches
          nothing here. The figures begin once the pictures are answered in the order drawn, as ever: those
          that nobody had answered are asked.
        - Pictures that measured the other concept, and weren't drawn here, teach here. So figures of the two
          are of different pictures: they can't be compared like versions of one concept.
        - Answers keep who gave them, when, under which definition and whether the machine was in view, and
          name the event they are from. Those given under words that meant something else are treated as they
          are in the other concept: Review lists those that measure.
        - Where the library has no pictures yet, there are no answers to take along.

        Raises `DiscernError` for a name that a concept can't have, `ConflictError` for one that is taken.
        """
        from_id = self._context.row_of(source).id
        copy = self._context.store.duplicate(from_id, checked_name(name), author)
        looks_in = self._context.collection.frames.now(from_id)
        if not looks_in.is_whole:
            self._context.collection.frames.concepts.add(copy.id, sorted(looks_in.ids), author)
        self._context.draw_evaluation(copy)
        if with_labels:
            self._context.log.copy(from_id, copy.id, author)
        return self._bench.concept_of(copy.id)

    def scales(self) -> dict[str, ScaleView]:
        """The names of all, in the order of the alphabet, with what each is answered by."""
        rows = sorted(self._context.store.all(), key=lambda row: row.name.casefold())
        return {row.name: scale_view(Scale.read(row.scale)) for row in rows}

    def name_now(self, name: str) -> str | None:
        """What the concept is called that has or had this name; None where there is no such concept."""
        concept = self._context.store.find(name)
        return concept.name if concept else None

    def steps_done(self, name: str) -> frozenset[str]:
        """The steps of a concept that have a result; none if there is no such concept."""
        concept = self._context.store.find(name)
        if concept is None:
            return frozenset()
        standing = self._overview.of([concept.id])
        settling = settling_of(self._context, [concept.id]).get(concept.id)
        answers = self._answers(standing, lasting=False)[concept.id]
        here = standing[concept.id]
        return frozenset(_steps_done(here, _report(here), is_enough(answers, settling)))

    def _answers(self, standing: Mapping[int, Standing], *, lasting: bool) -> dict[int, AnswerCount]:
        cache = self._context.label_cache
        states = {
            i: cache.state(i) if one.looks_in else LogState(one.sequence, one.apart, one.removal)
            for i, one in standing.items()
        }
        return cache.counts(states, lasting=lasting)

    def _cover(self, concept: ConceptRow, standing: Standing) -> tuple[list[str], bool]:
        """Ids of pictures that count: the last few that people say so of; where those are too few also what
        the newest version is surest of, then what the words find. None that anybody answered otherwise, and
        of those that are answered blindly none beforehand. With whether it is for other processes, too: what
        a version flags may not be known yet in this."""
        decisions = self._context.label_cache.decisions(concept.id)
        cover = [i for i, decision in decisions.items() if decision.value == "yes"][-COVERS:]
        if len(cover) == COVERS:
            return cover, True
        closed = decisions.keys() | self._context.store.kept_apart(concept.id)
        context, head = self._context, None
        if standing.heads:
            head = context.heads.get(concept.id)
        # Nothing that would take long, or is for another encoder's vectors.
        if head is not None and head.fingerprint == context.collection.parts.fingerprint(concept.id):
            scores = context.library_scores(concept.id, head)
            top = scores.probability.top(COVERS + len(closed)) if scores else []
            flagged = [i for i, p in top if p >= head.threshold and i not in closed]
            cover += flagged[: COVERS - len(cover)]
        if len(cover) < COVERS and standing.candidates:
            definition = Definition.model_validate(standing.document)
            closed |= set(cover)
            candidates = self._context.store.candidates(concept.id)
            found = {i: by for i, by in candidates.items() if i not in closed}
            cover += _agreed(found, definition)[: COVERS - len(cover)]
        return cover, not standing.heads


def scale_from(
    grades: int | None,
    counts_from: int | None,
    grade_names: Sequence[str] | None,
    classes: Sequence[str] | None,
) -> Scale | None:
    """What a concept is answered by; None for yes and no. Raises `WrongUsageError`."""
    if grades is not None and classes:
        raise WrongUsageError("A concept has grades or classes, not both.")
    if classes:
        return Scale.of_classes(_split(classes))
    if grades is None and (counts_from is not None or grade_names):
        raise WrongUsageError("Only a graded concept has named grades and one to count from: say how many.")
    return None if grades is None else Scale.graded(grades, counts_from, _split(grade_names or ()))


def _split(names: Sequence[str]) -> list[str]:
    """One text with commas between is several names: one name alone is never right."""
    return names[0].split(",") if len(names) == 1 else list(names)


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


def _next_step(standing: Standing, report: EvaluationReport | None, done: Collection[str]) -> tuple[str, str]:
    """Where the journey goes on, and the screen: what Check would say, too."""
    step = next((place for place in JOURNEY if place[0] not in done), JOURNEY[-1])
    learned = standing.said is None or standing.trained is None or standing.said <= standing.trained
    if step[0] == "Check" and report is not None and learned and wants_labels(report):
        return next(place for place in JOURNEY if place[0] == "Label")
    return step


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
