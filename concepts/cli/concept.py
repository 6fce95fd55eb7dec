"""`discern concept`: what you want to recognise, its definition and its candidates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from concepts.cli.groups import Author, Json, Name, concept, workbench
from concepts.cli.output import say, show, table
from concepts.errors import DiscernError

if TYPE_CHECKING:
    from concepts.definition.document import Change
    from concepts.definition.questions import DefinitionQuestion
    from concepts.learning.scale import Scale
    from concepts.workbench.concept_views import ScaleView

Graded = Annotated[
    int | None, typer.Option(help="Answer by grades: 1 to this many, 3 to 10, the last the most.")
]
CountsFrom = Annotated[
    int | None,
    typer.Option(help="The lowest grade that counts as a yes; without it the middle one, of 5 the 3."),
]
GradeNames = Annotated[
    str | None,
    typer.Option(
        help="What the grades are called, with commas between: the lowest and the highest, or every one."
    ),
]
Classes = Annotated[
    str | None,
    typer.Option(help="Answer by one of 2 to 9 classes, or none of them: their names with commas between."),
]


@concept.command("new")
def concept_new(
    name: Name,
    description: Annotated[str | None, typer.Option(help="One sentence: what counts.")] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="CONCEPT", help="Another concept whose definition and history it gets instead."
        ),
    ] = None,
    with_labels: Annotated[bool, typer.Option("--with-labels", help="With --from: its labels, too.")] = False,
    excluding: Annotated[
        list[str] | None,
        typer.Option("--not", help="What doesn't count. May be given more than once."),
    ] = None,
    example: Annotated[
        list[str] | None,
        typer.Option(help="A picture that counts (path or id). May be given more than once."),
    ] = None,
    graded: Graded = None,
    counts_from: CountsFrom = None,
    grade_names: GradeNames = None,
    classes: Classes = None,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """Begin a concept from a name and a sentence, or from another concept. It is answered by yes and no
    unless it has grades or classes. A new concept has no versions, and test pictures of its own."""
    bench, scale = workbench(), _scale(graded, counts_from, grade_names, classes)
    if source is None and description is not None and not with_labels:
        view = bench.definitions.create_concept(
            name,
            description,
            excluding=excluding or [],
            examples=example or [],
            author=author,
            scale=scale,
        )
    elif source is not None and not (description or excluding or example or scale):
        copy = bench.catalogue.duplicate(source, name, labels=with_labels, author=author)
        view = bench.definitions.concept(copy)
    else:
        raise typer.BadParameter(
            "A concept begins from a --description, with examples and a scale, or --from another concept, "
            "as that is. Give one of the two."
        )
    along = f", with {view.answers.answers:,} labels" if with_labels else ""
    show(view, as_json, lambda: say(f"“{view.name}” begun{along}. Next: concept expand, or concept mine."))


@concept.command("scale")
def concept_scale(
    name: Name,
    graded: Graded = None,
    counts_from: CountsFrom = None,
    grade_names: GradeNames = None,
    classes: Classes = None,
    as_json: Json = False,
) -> None:
    """Have a concept answered by grades or classes or, without either, by yes and no: as long as nobody has
    answered."""
    view = workbench().definitions.set_scale(name, _scale(graded, counts_from, grade_names, classes))
    show(view.scale, as_json, lambda: say(_scale_in_words(view.scale)))


def _scale(
    graded: int | None, counts_from: int | None, grade_names: str | None, classes: str | None
) -> Scale | None:
    from concepts.learning.scale import Scale  # brings numpy

    if graded is not None and classes is not None:
        raise DiscernError("A concept has grades or classes, not both.")
    if classes is not None:
        return Scale.of_classes(classes.split(","))
    if graded is None and counts_from is not None:
        raise DiscernError("--counts-from is for a graded concept: give --graded too.")
    if graded is None and grade_names is not None:
        raise DiscernError("--grade-names is for a graded concept: give --graded too.")
    names = grade_names.split(",") if grade_names else ()
    return None if graded is None else Scale.graded(graded, counts_from, names)


def _scale_in_words(scale: ScaleView) -> str:
    if scale.kind == "graded":
        named = ", ".join(
            f"{word} {name}" for word, name in zip(scale.words, scale.names, strict=False) if name
        )
        called = f" ({named})" if named else ""
        return (
            f"Answered by grades 1 to {len(scale.words)}{called}; pictures count from {scale.counts_from} on."
        )
    if scale.kind == "classes":
        return f"Answered by one of {', '.join(scale.words)}, or none of these."
    return "Answered by yes and no."


@concept.command("list")
def concept_list(as_json: Json = False) -> None:
    """All concepts and how far they are."""
    found = workbench().definitions.concepts()
    columns = ("definition", "candidates", "answers", "trained", "concept")
    show(
        found,
        as_json,
        lambda: table(
            columns, [(c.revision, c.candidates, c.answers.answers, c.heads, c.name) for c in found]
        ),
    )


@concept.command("show")
def concept_show(
    name: Name,
    revision: Annotated[int | None, typer.Option(help="An older definition.")] = None,
    diff: Annotated[int | None, typer.Option(help="Show what changed since this revision.")] = None,
    as_json: Json = False,
) -> None:
    """The definition, the answers so far and every trained version."""
    bench = workbench()
    view = bench.definitions.concept(name, revision=revision)
    if diff is not None:
        show_changes(bench.definitions.diff(name, diff, view.revision.number), as_json)
        return

    def human() -> None:
        say(f"Definition {view.revision.number} of {view.revisions}, by {view.revision.author}")
        if view.scale.kind != "yes or no":
            say(_scale_in_words(view.scale))
        say(view.revision.definition.as_text())
        say(f"\n{view.candidates:,} candidates, {view.annotated:,} labelled by the machine")
        say(f"{view.answers.sentence} {view.advice}")
        if view.rare:
            say(view.rare)
        if view.conflicts:
            say(f"{len(view.conflicts)} pictures where people disagree: {', '.join(view.conflicts)}")
        for head in view.heads:
            say(f"Version {head.number}: {head.kind}, yes from {head.threshold:.2f}")

    show(view, as_json, human)


def show_changes(runs: Sequence[tuple[Change, str]], as_json: bool) -> None:
    """A word diff."""
    marks = {"same": "{}", "added": "[+{}+]", "removed": "[-{}-]"}
    changes = [{"change": change, "text": text} for change, text in runs]
    show(changes, as_json, lambda: say("".join(marks[change].format(text) for change, text in runs)))


@concept.command("expand")
def concept_expand(name: Name, as_json: Json = False) -> None:
    """Propose what counts, what doesn't, what is open, and what to search for; kept as a new revision."""
    proposed = workbench().definitions.expand(name)

    def human() -> None:
        if proposed.problem:
            say(f"Proposed from the built-in words. The model gave no answer: {proposed.problem}\n")
        say(proposed.definition.as_text())

    show(proposed, as_json, human)


@concept.command("ask")
def concept_ask(name: Name, as_json: Json = False) -> None:
    """Be asked what you mean: at most three questions, which concept answer takes the answers to."""
    asked = workbench().scoping.ask(name)

    def human() -> None:
        if asked.problem:
            say(f"Asked from the built-in words. The model gave no answer: {asked.problem}\n")
        _list_questions(asked.questions)

    show(asked, as_json, human)


@concept.command("answer")
def concept_answer(
    name: Name,
    number: Annotated[
        int, typer.Argument(min=1, help="Of the open question; without an answer all are listed.")
    ] = 1,
    said: Annotated[
        str | None, typer.Argument(help="The letter of an offered answer, or your own words; - skips it.")
    ] = None,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """Answer a question of concept ask. What it means is kept as the next definition."""
    bench = workbench()
    open_questions = bench.scoping.questions(name)
    if said is None:
        show(open_questions, as_json, lambda: _list_questions(open_questions))
        return
    if number > len(open_questions):
        raise DiscernError(f"There is no open question {number}; there are {len(open_questions)}.")
    question = open_questions[number - 1]
    offered = dict(zip("abcd", (one.answer for one in question.answers), strict=False))
    words = "" if said == "-" else offered.get(said.lower(), said)
    newest = bench.definitions.concept(name).revision.number
    revision = bench.scoping.answer(name, question.question, words, author=author, after=newest)
    show(revision, as_json, lambda: say(revision.definition.as_text()))


def _list_questions(questions: Sequence[DefinitionQuestion]) -> None:
    for number, question in enumerate(questions, 1):
        say(f"{number}. {question.question}")
        for letter, offered in zip("abcd", question.answers, strict=False):
            say(f"   {letter}) {offered.answer}")
    if not questions:
        say("There is nothing to ask just now.")


@concept.command("kinds")
def concept_kinds(
    name: Name,
    near: Annotated[
        str, typer.Option(help="A criterion that every picture must show; else the whole concept.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Propose up to three more kinds of pictures that count, don't, or are open; needs a language model."""
    bench = workbench()
    proposed = bench.scoping.more_kinds(name, near)
    show(proposed, as_json, lambda: say(bench.definitions.concept(name).revision.definition.as_text()))


@concept.command("revise")
def concept_revise(
    name: Name,
    file: Annotated[
        Path,
        typer.Argument(help="JSON: the whole definition, as it is in revision of concept show --json."),
    ],
    note: Annotated[str, typer.Option(help="Why, in a few words.")] = "",
    after: Annotated[
        int | None, typer.Option(min=1, help="Only if this is still the newest definition.")
    ] = None,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """Keep an edited definition as the next revision. Older ones stay."""
    from concepts.definition.document import read_definition  # brings pydantic

    definition = read_definition(file)
    revision = workbench().definitions.revise(name, definition, author=author, note=note, after=after)
    show(revision, as_json, lambda: say(f"Definition {revision.number} kept."))


@concept.command("revisions")
def concept_revisions(name: Name, as_json: Json = False) -> None:
    """Every definition this concept had, the oldest first."""
    found = workbench().definitions.revisions(name)
    rows = [(r.number, f"{r.created:%Y-%m-%d %H:%M}", r.author, r.note) for r in found]
    show(found, as_json, lambda: table(("definition", "when", "by", "why"), rows))


@concept.command("mine")
def concept_mine(
    name: Name,
    size: Annotated[int, typer.Option(min=1, help="How many pictures the pool shall hold.")] = 1000,
    as_json: Json = False,
) -> None:
    """Search the library for pictures worth looking at: likely ones, look-alikes and random ones."""
    result = workbench().definitions.mine(name, size=size)

    def human() -> None:
        say(f"{result.added:,} pictures added, {result.candidates:,} in the pool.")
        table(("pictures", "brought by"), [(count, query) for query, count in result.per_query.items()])

    show(result, as_json, human)
