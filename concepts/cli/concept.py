"""`discern concept`: what you want to recognise, its definition, and finding out what you mean."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from concepts.cli.declared import shows
from concepts.cli.groups import concept
from concepts.cli.output import dump, plain, say, say_known, show, table, wait
from concepts.cli.parameters import Author, Budget, Json, Name, opened

if TYPE_CHECKING:
    from concepts.collaborator.prompts import Preview, PromptView
    from concepts.collaborator.proposals import QuestionsAsked
    from concepts.collaborator.rounds import RewordingView, RoundView
    from concepts.definition.document import Revision
    from concepts.definition.questions import DefinitionQuestion
    from concepts.definition.revisions import DefinitionChange, Run
    from concepts.labelling.mining import Mined
    from concepts.results.concept_views import ConceptPage, ConceptSummary, ConceptView, ScaleView

UNCHANGED = "Nothing was changed."
KEPT = "What was labelled until here is kept and not paid for again."
VERDICTS = {
    "better": "surely agrees with you more often",
    "harmless": "agrees wherever the current words do",
    "not better": "not shown to be better",
}


@shows("list_concepts")
def _list(found: Sequence[ConceptSummary]) -> None:
    columns = ("definition", "candidates", "labels", "trained", "concept")
    table(columns, [(c.revision, c.candidates, c.answers.answers, c.heads, c.name) for c in found])


@shows("new_concept")
def _begun(view: ConceptView) -> None:
    along = f", with {view.answers.answers:,} labels" if view.answers.answers else ""
    say(f"“{view.name}” begun{along}. Next: concept expand, or concept mine.")
    say_known(view.hint)


@shows("change_concept")
def _settings(view: ConceptPage) -> None:
    say(f"“{view.name}”. {_scale_in_words(view.scale)} Annotator: {view.annotator.annotator}.")


@shows("mine")
def _mined(result: Mined) -> None:
    say(result.says())
    table(("pictures", "brought by"), [(count, query) for query, count in result.per_query.items()])


@shows("concept_page")
def _page(view: ConceptPage) -> None:
    say(f"Definition {view.revision.number} of {view.revisions}, by {view.revision.author}")
    if view.scale.kind != "yes or no":
        say(_scale_in_words(view.scale))
    _definition(view.revision)
    say_known(view.hint)
    if view.examples:
        say()
        examples = [
            (
                one.id[:12],
                "counts" if one.counts else "doesn't",
                "from outside" if one.outside else "library",
                "yes" if one.used else "no",
            )
            for one in view.examples
        ]
        table(("example", "says", "from", "learned from"), examples)
    say(f"\n{view.candidates:,} candidates, {view.annotated:,} labelled by the machine")
    say(f"{view.answers.sentence} {view.advice}")
    say_known(view.rare)
    if view.conflicts:
        say(f"{len(view.conflicts)} pictures where people disagree: {', '.join(view.conflicts)}")
    for head in view.heads:
        say(f"Version {head.number}: {head.kind}, yes from {head.threshold:.2f}")


@shows("revisions")
def _revisions(found: Sequence[DefinitionChange]) -> None:
    for one in found:
        say(f"Definition {one.number}, {one.created:%Y-%m-%d %H:%M}, by {one.author}: {one.note}")
        _changes([run for run in one.changes if run.change != "same"])


def _scale_in_words(scale: ScaleView) -> str:
    if scale.kind == "graded":
        named = ", ".join(f"{word} {n}" for word, n in zip(scale.words, scale.names, strict=False) if n)
        called = f" ({named})" if named else ""
        grades = f"grades 1 to {len(scale.words)}{called}"
        return f"Labelled by {grades}; pictures count from {scale.counts_from} on."
    if scale.kind == "classes":
        return f"Labelled by one of {', '.join(scale.words)}, or none of these."
    return "Labelled yes or no."


MARKS = {"same": "{}", "added": "[+{}+]", "removed": "[-{}-]"}


@shows("prompt_changes")
def _changes(runs: Sequence[Run]) -> None:
    if runs:
        say("".join(MARKS[run.change].format(run.text) for run in runs))


@shows("answer_question")
def _definition(revision: Revision) -> None:
    say(revision.definition.as_text())


@concept.command("revise")
def concept_revise(
    name: Name,
    file: Annotated[
        Path | None,
        typer.Argument(help="JSON: the whole definition, or what concept show --json wrote."),
    ] = None,
    example: Annotated[
        str | None,
        typer.Option(help="A picture that counts: a file, of the library or not, or the id of one there."),
    ] = None,
    look_alike: Annotated[
        str | None, typer.Option(help="The same for one that only looks as if it counted.")
    ] = None,
    drop_example: Annotated[str | None, typer.Option(help="It is no example any more.")] = None,
    note: Annotated[str, typer.Option(help="With a file: why, in a few words.")] = "",
    after: Annotated[
        int | None,
        typer.Option(min=1, help="With a file: only if this is still the newest definition."),
    ] = None,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """Keep an edited definition, or one more or less example picture, as the next revision. Older ones stay.

    An example is learned from, and pictures like it are asked about first.
    """
    from concepts.definition.document import read_definition  # brings pydantic
    from concepts.definition.revisions import revise
    from concepts.labelling.examples import give_example_file, remove_example

    if sum(one is not None for one in (file, example, look_alike, drop_example)) != 1:
        raise typer.BadParameter("Give a file or one example.")
    handle = opened().concept(name)
    if file is not None:
        revision = revise(handle, read_definition(file), author=author, note=note, after=after)
        show(revision, as_json, f"Definition {revision.number} kept.")
        return
    if drop_example is not None:
        given = remove_example(handle, drop_example, author=author)
    else:
        picture = example or look_alike or ""
        given = give_example_file(handle, picture, counts=example is not None, author=author)
    is_kept_here = given.outside and drop_example is None
    kept = ", kept with the concept: the library doesn't have it" if is_kept_here else ""
    show(given, as_json, f"{given.id[:12]}{kept}. Definition {given.revision}: {given.note}.")


@concept.command("expand")
def concept_expand(
    name: Name,
    kinds: Annotated[
        bool,
        typer.Option("--kinds", help="Only up to three more kinds of pictures; needs a language model."),
    ] = False,
    near: Annotated[str, typer.Option(help="Kinds near this criterion, which every picture must show.")] = "",
    as_json: Json = False,
) -> None:
    """Propose what counts, what doesn't, what is open, and what to search for; kept as a new revision."""
    from concepts.collaborator.proposals import propose
    from concepts.definition.revisions import definition_of

    handle = opened().concept(name)
    done = wait(handle.begin(propose, kinds=kinds, near=near), "Proposing", UNCHANGED)
    revision = definition_of(handle, done.revision)
    said = f"Proposed from the built-in words. The model gave no answer: {done.problem}\n\n"
    told = (said if done.problem else "") + revision.definition.as_text()
    show({**plain(revision), "problem": done.problem}, as_json, told)


@shows("ask_questions")
def _asked(asked: QuestionsAsked) -> None:
    if asked.problem:
        say(f"Asked from the built-in words. The model gave no answer: {asked.problem}\n")
    _list_questions(asked.questions)


@shows("open_questions")
def _list_questions(questions: Sequence[DefinitionQuestion]) -> None:
    for number, question in enumerate(questions, 1):
        say(f"{number}. {question.question}")
        for letter, offered in zip("abcd", question.answers, strict=False):
            say(f"   {letter}) {offered.answer}")
    if not questions:
        say("There is nothing to ask right now.")


# Borderline pictures, and other wordings


@concept.command("borderline")
def concept_borderline(
    name: Name,
    about: Annotated[
        str,
        typer.Option(help="Take up to five pictures that share this, to label with concept labels import."),
    ] = "",
    find: Annotated[
        bool, typer.Option("--find", help="Look for what is open first: borderline pictures, by question.")
    ] = False,
    budget: Budget = None,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """What is open about a definition, and the borderline pictures that share a question."""
    from concepts.collaborator.rounds import ambiguities_of, begin_round, find_ambiguities

    handle = opened().concept(name)
    if find:
        wait(handle.begin(find_ambiguities, budget), "Looking for what is open", KEPT)
    if about:
        begun = begin_round(handle, about, author=author)
        show(begun, as_json, _pictures)
        return
    looked, found = handle.newest(find_ambiguities), ambiguities_of(handle)
    if as_json:
        dump({"looked": looked, "open": found})
    elif looked is None:
        say("Nothing was looked for yet: concept borderline --find.")
    else:
        by = f"{looked.by}, asked about {looked.asked} pictures" if looked.by else "the built-in encoder"
        say(f"{len(found)} found open by {by}.")
        table(("open", "pictures", "labelled"), [(one.name, len(one.pictures), one.met) for one in found])
        say_known(looked.stopped)


@concept.command("reword")
def concept_reword(
    name: Name,
    budget: Budget = None,
    tried: Annotated[
        bool, typer.Option("--tried", help="Only show the wordings that were tried last.")
    ] = False,
    accept: Annotated[
        int | None, typer.Option(min=1, help="Make this one of the last wordings the definition.")
    ] = None,
    none: Annotated[bool, typer.Option("--none", help="Take none of the last wordings.")] = False,
    test: Annotated[
        bool, typer.Option("--test", help="Take the pictures that settle which words are better.")
    ] = False,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """Look for words by which the machine agrees with you more often, tried on your labels."""
    from concepts.collaborator.rounds import accept_wording, put_to_the_test, rewordings
    from concepts.collaborator.rounds import reword as look_for_other_words

    handle = opened().concept(name)
    if not (tried or accept or none or test):
        result = wait(handle.begin(look_for_other_words, budget), "Trying other words", KEPT)
        wordings = rewordings(handle)[:1] if result.rewording else []
        if as_json:
            dump({"result": result, "wordings": wordings})
            return
        tried_on = f"{result.sifted} wordings tried on {result.read} labels, of which the machine had "
        say(f"{tried_on}{result.mistakes} wrong; {result.judging} others judged the best of them.")
        for one in wordings:
            _wordings(one)
        if not wordings:
            nothing = "None mends enough to be judged. More labels, or other pictures, may show what is"
            say(result.stopped or f"{nothing} missing.")
        return
    found = rewordings(handle)
    if not found:
        show([], as_json, "No other words were tried yet.")
        return
    last = found[0]
    if accept is not None:
        revision = accept_wording(handle, last.number, accept - 1, author=author)
        show(revision, as_json, f"It is definition {revision.number} now.")
    elif none:
        accept_wording(handle, last.number, author=author)
        show(last, as_json, "None of them was taken.")
    elif test:
        begun = put_to_the_test(handle, last.number, author=author)
        show(begun, as_json, _pictures)
    elif as_json:
        dump(found)
    else:
        _wordings(last)


def _pictures(begun: RoundView) -> None:
    say(f"{begun.ambiguity}:")
    table(("id", "path"), [(picture.id[:12], picture.path) for picture in begun.pictures])


def _wordings(tried: RewordingView) -> None:
    for number, wording in enumerate(tried.wordings, 1):
        said = (
            f"{wording.after} of {wording.judging} labels instead of {wording.before} "
            f"({wording.fixed} mended, {wording.broken} broken)"
        )
        speak, of = wording.spoke
        if wording.undecided:
            said += f"; up to {len(wording.undecided)} pictures would settle it"
        elif of:
            said += f"; {speak} of {of} labels that were to settle it speak for it"
        say(f"{number}. {VERDICTS[wording.verdict]}: {said}")
        say(f"   {wording.why}")
        for kind, text in wording.difference:
            if kind != "same" and text.strip():
                say(f"   {'+' if kind == 'added' else '-'} {' '.join(text.split())}")


# Prompts


@shows("prompts_in_use")
def _prompts(every: Sequence[PromptView]) -> None:
    rows = [(one.version, one.author if one.own else "", one.name) for one in every]
    table(("version", "edited by", "prompt"), rows)


@shows("prompt_in_use")
def _prompt(one: PromptView) -> None:
    say(one.text)


@shows("set_prompt")
def _set(kept: PromptView) -> None:
    say(f"{kept.name}: {'its own text' if kept.own else 'the default'}.")


@shows("preview_prompt")
def _sent(sent: Preview) -> None:
    say(f"To {sent.model} at {sent.endpoint}" if sent.model else "No model is set for this.")
    for message in sent.messages:
        say(f"\n--- {message.role} ---\n{message.text}")
        for one in message.pictures:
            say(f"[picture {one.id}, {one.width} × {one.height} px, {one.bytes:,} bytes of JPEG]")
    say(f"\n--- also sent ---\n{json.dumps(sent.parameters, ensure_ascii=False, indent=2)}")
