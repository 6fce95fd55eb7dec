"""`discern concept`: what you want to recognise, its definition, and finding out what you mean."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from concepts.cli.declared import shows
from concepts.cli.groups import concept
from concepts.cli.output import plain, say, say_known, show, table, wait
from concepts.cli.parameters import Json, Name, opened

if TYPE_CHECKING:
    from concepts.collaborator.prompts import Preview, PromptView
    from concepts.collaborator.proposals import QuestionsAsked
    from concepts.collaborator.rounds import Borderline, Looked, Reworded, RewordingView, RoundView
    from concepts.definition.document import Revision
    from concepts.definition.questions import DefinitionQuestion
    from concepts.definition.revisions import DefinitionChange, Run
    from concepts.labelling.examples import GivenExample
    from concepts.labelling.mining import Mined
    from concepts.results.concept_views import ConceptPage, ConceptSummary, ConceptView, ScaleView

UNCHANGED = "Nothing was changed."
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


@shows("revise")
@shows("accept_wording")
def _kept(revision: Revision) -> None:
    say(f"It is definition {revision.number} now.")


@shows("give_example_file")
def _example(given: GivenExample) -> None:
    _no_example(given)
    if given.outside:
        say("The library doesn't have it, so the concept keeps the picture.")


@shows("remove_example")
def _no_example(given: GivenExample) -> None:
    say(f"{given.id[:12]}: {given.note}. Definition {given.revision}.")


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


@shows("find_ambiguities")
def _looked(looked: Looked) -> None:
    by = f"{looked.by}, asked about {looked.asked} pictures" if looked.by else "the built-in encoder"
    say(f"{len(looked.ambiguities)} found open by {by}. Next: concept borderline.")
    say_known(looked.stopped)


@shows("borderline_of")
def _borderline(found: Borderline) -> None:
    if not found.open:
        say("Nothing is open. To look: concept find-borderline.")
    table(("open", "pictures", "labelled"), [(one.name, len(one.pictures), one.met) for one in found.open])


@shows("reword")
def _reworded(result: Reworded) -> None:
    tried_on = f"{result.sifted} wordings tried on {result.read} labels, of which the machine had "
    say(f"{tried_on}{result.mistakes} wrong; {result.judging} others judged the best of them.")
    nothing = "None mends enough to be judged. More labels, or other pictures, may show what is missing."
    say(result.stopped or ("Next: concept wordings." if result.rewording else nothing))


@shows("begin_round")
def _pictures(begun: RoundView) -> None:
    say(f"{begun.ambiguity}:")
    table(("id", "path"), [(picture.id[:12], picture.path) for picture in begun.pictures])


@shows("rewordings")
def _wordings(tried: Sequence[RewordingView]) -> None:
    if not tried:
        say("No other words were tried yet: concept reword.")
        return
    say(f"To take one of them: concept accept-wording NAME {tried[0].number} --wording N.")
    for number, wording in enumerate(tried[0].wordings):
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
