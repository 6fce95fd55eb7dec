"""`discern concept`: what you want to recognise, its definition, and finding out what you mean."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from concepts.cli.groups import Author, Budget, Json, Name, concept, opened
from concepts.cli.operations import shows
from concepts.cli.output import dump, plain, say, say_known, show, table, wait
from concepts.errors import DiscernError

if TYPE_CHECKING:
    from concepts.collaborator.rounds import RewordingView, RoundView
    from concepts.definition.document import Change
    from concepts.definition.questions import DefinitionQuestion
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


@concept.command("show")
def concept_show(
    name: Name,
    revision: Annotated[int | None, typer.Option(help="An older definition.")] = None,
    diff: Annotated[int | None, typer.Option(help="Show what changed since this revision.")] = None,
    revisions: Annotated[
        bool, typer.Option("--revisions", help="Every definition it had, the oldest first.")
    ] = False,
    as_json: Json = False,
) -> None:
    """The definition with its example pictures, the labels so far and every trained version."""
    from concepts.definition.revisions import changes_between
    from concepts.definition.revisions import revisions as all_revisions
    from concepts.results.concepts import concept_page

    handle = opened().concept(name)
    if revisions:
        found = all_revisions(handle, None)
        rows = [(r.number, f"{r.created:%Y-%m-%d %H:%M}", r.author, r.note) for r in found]
        show(found, as_json, lambda _: table(("definition", "when", "by", "why"), rows))
        return
    view = concept_page(handle, revision)
    if diff is not None:
        show_changes(changes_between(handle, diff, view.revision.number), as_json)
        return
    if as_json:
        dump(view)
        return
    say(f"Definition {view.revision.number} of {view.revisions}, by {view.revision.author}")
    if view.scale.kind != "yes or no":
        say(_scale_in_words(view.scale))
    say(view.revision.definition.as_text())
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


def _scale_in_words(scale: ScaleView) -> str:
    if scale.kind == "graded":
        named = ", ".join(f"{word} {n}" for word, n in zip(scale.words, scale.names, strict=False) if n)
        called = f" ({named})" if named else ""
        grades = f"grades 1 to {len(scale.words)}{called}"
        return f"Labelled by {grades}; pictures count from {scale.counts_from} on."
    if scale.kind == "classes":
        return f"Labelled by one of {', '.join(scale.words)}, or none of these."
    return "Labelled yes or no."


def show_changes(runs: Sequence[tuple[Change, str]], as_json: bool) -> None:
    """A word diff."""
    marks = {"same": "{}", "added": "[+{}+]", "removed": "[-{}-]"}
    changes = [{"change": change, "text": text} for change, text in runs]
    show(changes, as_json, "".join(marks[change].format(text) for change, text in runs))


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


@concept.command("ask")
def concept_ask(
    name: Name,
    reply: Annotated[
        str | None,
        typer.Option(help="Answer one: the letter of an offered answer, or your own words; - skips it."),
    ] = None,
    number: Annotated[int, typer.Option(min=1, help="Which question the reply is to.")] = 1,
    open_only: Annotated[
        bool, typer.Option("--open", help="Only list those that are open, and think of no others.")
    ] = False,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """Be asked what you mean: at most three questions. What a reply means is kept as the next definition."""
    from concepts.collaborator.proposals import answer_question, ask_questions, open_questions

    handle = opened().concept(name)
    if reply is not None:
        questions = open_questions(handle)
        if number > len(questions):
            raise DiscernError(f"There is no open question {number}; there are {len(questions)}.")
        question = questions[number - 1]
        offered = dict(zip("abcd", (one.answer for one in question.answers), strict=False))
        words = "" if reply == "-" else offered.get(reply.lower(), reply)
        revision = answer_question(handle, question.question, words, author=author)
        show(revision, as_json, revision.definition.as_text())
        return
    if open_only:
        questions = open_questions(handle)
        show(questions, as_json, _list_questions)
        return
    asked = wait(handle.begin(ask_questions), "Thinking", UNCHANGED)
    if as_json:
        dump(asked)
        return
    if asked.problem:
        say(f"Asked from the built-in words. The model gave no answer: {asked.problem}\n")
    _list_questions(asked.questions)


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


@concept.command("prompts")
def concept_prompts(
    name: Name,
    shown: Annotated[str | None, typer.Option("--show", help="The text of this one.")] = None,
    edit: Annotated[
        Path | None,
        typer.Option(help="Take this file as the concept's own text of the prompt it is named after."),
    ] = None,
    reset: Annotated[str | None, typer.Option(help="Go back to the default of this one.")] = None,
    diff: Annotated[str | None, typer.Option(help="What this one changes in the default.")] = None,
    preview: Annotated[
        str | None, typer.Option(help="What a model will be sent with this one, word for word.")
    ] = None,
    picture: Annotated[
        str | None, typer.Option(help="With --preview: the id of the picture to show it.")
    ] = None,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """What models are told when they judge and propose for this concept; it can have texts of its own.

    To edit one: concept prompts NAME --show annotate.user > annotate.user.md, edit, and --edit that file.
    """
    from concepts.collaborator.prompts import (
        preview_prompt,
        prompt_changes,
        prompt_in_use,
        prompts_in_use,
        set_prompt,
    )

    handle = opened().concept(name)
    if edit is not None:
        try:
            text = edit.read_text(encoding="utf-8")
        except (OSError, UnicodeError) as error:
            raise DiscernError(f"{edit} can't be read as text: {error}.") from error
        kept = set_prompt(handle, edit.stem, text, author=author)
        show(kept, as_json, f"{kept.name}: {'its own text' if kept.own else 'the default'}.")
    elif reset is not None:
        kept = set_prompt(handle, reset, "", author=author)
        show(kept, as_json, f"{kept.name}: the default again.")
    elif shown is not None:
        found = prompt_in_use(handle, shown)
        show(found, as_json, found.text)
    elif diff is not None:
        show_changes(prompt_changes(handle, diff), as_json)
    elif preview is not None:
        sent = preview_prompt(handle, preview, picture)
        if as_json:
            dump(sent)
            return
        say(f"To {sent.model} at {sent.endpoint}" if sent.model else "No model is set for this.")
        for message in sent.messages:
            say(f"\n--- {message.role} ---\n{message.text}")
            for one in message.pictures:
                say(f"[picture {one.id}, {one.width} × {one.height} px, {one.bytes:,} bytes of JPEG]")
        say(f"\n--- also sent ---\n{json.dumps(sent.parameters, ensure_ascii=False, indent=2)}")
    else:
        every = prompts_in_use(handle)
        rows = [(one.version, one.author if one.own else "", one.name) for one in every]
        show(every, as_json, lambda _: table(("version", "edited by", "prompt"), rows))
