"""A concept as a whole: reading it, and changing its name, its labels and who annotates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, ValidationError

from concepts.collaborator.annotations import choose_annotator
from concepts.collaborator.proposals import open_questions, scoping_model
from concepts.collaborator.setups import Setup, setup_of
from concepts.definition.document import Definition
from concepts.definition.editing import exclude
from concepts.definition.revisions import RevisionNumber, definition_of, rename
from concepts.errors import ConflictError, DiscernError, WrongUsageError
from concepts.labelling.dataset import dataset_of
from concepts.labelling.examples import examples_of
from concepts.labelling.waves import draw_evaluation, draw_test_pictures
from concepts.learning.scale import FEWEST_GRADES, MOST_CLASSES, MOST_GRADES, Scale
from concepts.library.collection import collection_of
from concepts.library.search import about_language
from concepts.results.advice import advice_for
from concepts.results.concept_views import ConceptPage, ConceptView, ScaleView, scale_view
from concepts.results.versions import head_views
from concepts.use_cases import Concept
from concepts.use_cases.declaration import use_case
from concepts.use_cases.handles import App
from concepts.use_cases.names import checked_name
from concepts.use_cases.parameters import AuthorName, Flag

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


@use_case("POST /concepts", command="concept new", audit="began a concept")
def new_concept(
    app: App,
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
        begun = copy_concept(app, source, name, with_labels=with_labels, author=author)
    elif description and not (source or with_labels):
        begun = begin_concept(
            app,
            name,
            description,
            excluding=excluding or (),
            examples=examples or (),
            author=author,
            scale=scale,
        )
    else:
        raise WrongUsageError("Give a description, or the concept to begin from, but not both.")
    return concept_state(begun)


def begin_concept(
    app: App,
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
    ids = tuple(collection_of(app).library.resolve(example) for example in examples)
    try:
        begun = Definition(name=checked_name(name), description=description, examples=ids)
    except ValidationError as error:
        first = error.errors()[0]
        raise DiscernError(f"The {first['loc'][0]} can't be used: {first['msg']}.") from error
    definition = exclude(begun, excluding)
    row = app.store.create(definition.name, scale.as_document() if scale else None)
    app.store.add_definition(row.id, definition.model_dump(mode="json"), author, "begun")
    if not app.jobs.is_started:
        draw_test_pictures(app.concept_of(row.id))
    elif collection_of(app).library.encoder() is not None:
        app.concept_of(row.id).submit(draw_evaluation)
    return app.concept_of(row.id)


def copy_concept(app: App, source: str, name: str, *, with_labels: bool = False, author: str) -> Concept:
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
    from_id = app.concept(source).id
    copy = app.store.duplicate(from_id, checked_name(name), author)
    looks_in = collection_of(app).frames.now(from_id)
    if not looks_in.is_whole:
        collection_of(app).frames.concepts.add(copy.id, sorted(looks_in.ids), author)
    draw_test_pictures(app.concept_of(copy.id))
    if with_labels:
        app.log.copy(from_id, copy.id, author)
    return app.concept_of(copy.id)


def list_scales(app: App) -> dict[str, ScaleView]:
    """The names of all, in the order of the alphabet, with what each is answered by."""
    rows = sorted(app.store.all(), key=lambda row: row.name.casefold())
    return {row.name: scale_view(Scale.read(row.scale)) for row in rows}


def name_now(app: App, name: str) -> str | None:
    """What the concept is called that has or had this name; None where there is no such concept."""
    concept = app.store.find(name)
    return concept.name if concept else None


# The concept as a whole
def concept_state(concept: Concept, revision: int | None = None) -> ConceptView:
    """What screens show. Raises `UnknownError` for a revision that isn't there."""
    app, row = concept.app, concept.row
    newest, shown = definition_of(concept), definition_of(concept, revision)
    said = advice_for(concept)
    decisions = dataset_of(concept).decisions if said.count.conflict else {}  # all answers
    return ConceptView(
        id=concept.id,
        name=concept.name,
        created=row.created,
        revision=shown,
        revisions=newest.number,
        candidates=app.store.candidate_count(concept.id),
        answers=said.count,
        advice=said.more,
        rare=said.rare,
        annotated=app.store.annotated(concept.id),
        conflicts=[i for i, d in decisions.items() if d.value == "conflict"],
        heads=head_views(app.heads, concept.id),
        scale=scale_view(Scale.read(row.scale)),
        hint=about_language(collection_of(app), shown.definition.description, scoping_model(app.settings)),
    )


@use_case("GET /concepts/{name}", command="concept show")
def concept_page(concept: Concept, revision: RevisionNumber = None) -> ConceptPage:
    """The definition with its example pictures and open questions, the labels so far, who annotates, and
    every trained version."""
    return ConceptPage(
        **dict(concept_state(concept, revision)),
        annotator=setup_of(concept),
        examples=examples_of(concept),
        questions=open_questions(concept),
    )


@use_case("PATCH /concepts/{name}", command="concept set", audit="changed a concept")
def change_concept(
    concept: Concept,
    *,
    new_name: Annotated[
        str | None,
        Flag("--name"),
        Field(
            alias="name",
            min_length=1,
            max_length=1000,
            pattern=NAMEABLE,
            description="Another name. The old one leads to the concept until another concept gets that.",
        ),
    ] = None,
    grades: Grades = None,
    counts_from: CountsFrom = None,
    grade_names: GradeNames = None,
    classes: Classes = None,
    yes_or_no: Annotated[bool, Field(description="Label by yes and no, not by grades or classes.")] = False,
    annotator: Annotated[
        str | None,
        Field(max_length=60, description="Who labels from now on; `auto` for a model that sees, if set."),
    ] = None,
    large: Annotated[
        bool, Field(description="With the annotator: by the model for doubtful pictures.")
    ] = False,
    examples: Annotated[
        bool, Field(description="With the annotator: it is shown similar labelled pictures beside each.")
    ] = False,
    repeats: Annotated[
        bool,
        Field(
            description="With the annotator: asked three times where the endpoint doesn't tell how "
            "sure it is."
        ),
    ] = False,
    author: AuthorName,
) -> ConceptPage:
    """Change the name, the kind of labels (before the first), or the annotator."""
    scale = scale_from(grades, counts_from, grade_names, classes)
    if scale is not None and yes_or_no:
        raise DiscernError("A concept is labelled by yes and no, by grades or by classes. Give one of them.")
    if annotator is None and (large or examples or repeats):
        raise DiscernError("Say which annotator this is about, such as auto.")
    if scale is not None or yes_or_no:
        set_scale(concept, scale)
    if annotator is not None:
        choose_annotator(concept, Setup(annotator, large, examples, repeats), author=author)
    if new_name is not None:
        rename(concept, new_name, author=author)
    return concept_page(concept.app.concept_of(concept.id))


def set_scale(concept: Concept, scale: Scale | None) -> None:
    """Has it answered by grades or classes, or, with None, by yes and no. Raises `ConflictError` once
    anybody has answered: an answer on one scale says nothing on another."""
    if not concept.app.store.set_scale(concept.id, scale.as_document() if scale else None):
        raise ConflictError(
            f"“{concept.name}” has labels already, so their kind stays as it is. "
            "Begin another concept for that."
        )


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
