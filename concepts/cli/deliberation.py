"""Finding out what you mean: `discern concept open`, `borderline`, `reword`, `wordings`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from concepts.cli.groups import Author, Budget, Json, Name, concept, workbench
from concepts.cli.output import plain, progress, say, show, table

if TYPE_CHECKING:
    from concepts.collaborator.deliberation_views import RewordingView, RoundView, WordingView

KEPT = "What was answered until here is kept and not paid for again."
VERDICTS = {
    "better": "surely agrees with you more often",
    "harmless": "agrees wherever the current words do",
    "not better": "not shown to be better",
}


@concept.command("open")
def concept_open(name: Name, budget: Budget = None, as_json: Json = False) -> None:
    """Look for what is open about a definition: borderline pictures, by the question they share."""
    bench = workbench()
    with progress("Looking for what is open", KEPT) as listener:
        looked = bench.deliberations.find_ambiguities(name, budget=budget, listener=listener)
    found = bench.deliberations.ambiguities(name)

    def human() -> None:
        by = f"{looked.by}, asked about {looked.asked} pictures" if looked.by else "the built-in encoder"
        say(f"{len(found)} found open by {by}.")
        table(("open", "pictures", "answered"), [(one.name, len(one.pictures), one.met) for one in found])
        if looked.stopped:
            say(looked.stopped)

    show({"looked": plain(looked), "open": plain(found)}, as_json, human)


@concept.command("borderline")
def concept_borderline(
    name: Name,
    about: Annotated[str, typer.Option(help="Something open, as `concept open` calls it.")],
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """Take up to five pictures that share something open. Answer them with: concept labels import."""
    begun = workbench().deliberations.begin(name, about, author=author)
    show(begun, as_json, lambda: _pictures(begun))


@concept.command("reword")
def concept_reword(name: Name, budget: Budget = None, as_json: Json = False) -> None:
    """Look for words by which the machine agrees with you more often, tried on your answers."""
    bench = workbench()
    with progress("Trying other words", KEPT) as listener:
        result = bench.deliberations.reword(name, budget=budget, listener=listener)
    tried = bench.deliberations.rewordings(name)[:1] if result.rewording else []

    def human() -> None:
        say(
            f"{result.sifted} wordings tried on {result.read} answers, of which the machine had "
            f"{result.mistakes} wrong; {result.judging} others judged the best of them."
        )
        for one in tried:
            _wordings(one)
        if result.stopped:
            say(result.stopped)
        elif not tried:
            say("None mends enough to be judged. More answers, or other pictures, may show what is missing.")

    show({"result": plain(result), "wordings": plain(tried)}, as_json, human)


@concept.command("wordings")
def concept_wordings(
    name: Name,
    accept: Annotated[
        int | None, typer.Option(min=1, help="Make this one of the last wordings the definition.")
    ] = None,
    reject: Annotated[bool, typer.Option("--reject", help="None of the last wordings.")] = False,
    test: Annotated[
        bool, typer.Option("--test", help="Take the pictures that settle which words are better.")
    ] = False,
    author: Author = "me",
    as_json: Json = False,
) -> None:
    """The wordings that were tried last, and what to make of them."""
    bench = workbench().deliberations
    tried = bench.rewordings(name)
    if not tried:
        show([], as_json, lambda: say("No other words were tried yet."))
        return
    last = tried[0]
    if accept is not None:
        revision = bench.accept(name, last.number, accept - 1, author=author)
        show(revision, as_json, lambda: say(f"It is definition {revision.number} now."))
    elif reject:
        bench.reject(name, last.number, author=author)
        show(last, as_json, lambda: say("None of them was taken."))
    elif test:
        begun = bench.put_to_the_test(name, last.number, author=author)
        show(begun, as_json, lambda: _pictures(begun))
    else:
        show(plain(tried), as_json, lambda: _wordings(last))


def _pictures(begun: RoundView) -> None:
    say(f"{begun.ambiguity}:")
    table(("id", "path"), [(picture.id[:12], picture.path) for picture in begun.pictures])


def _wordings(tried: RewordingView) -> None:
    for number, wording in enumerate(tried.wordings, 1):
        say(f"{number}. {VERDICTS[wording.verdict]}: {_measured(wording)}")
        say(f"   {wording.why}")
        for kind, text in wording.difference:
            if kind != "same" and text.strip():
                say(f"   {'+' if kind == 'added' else '-'} {' '.join(text.split())}")


def _measured(wording: WordingView) -> str:
    said = (
        f"{wording.after} of {wording.judging} answers instead of {wording.before} "
        f"({wording.fixed} mended, {wording.broken} broken)"
    )
    if wording.undecided:
        return f"{said}; up to {len(wording.undecided)} pictures would settle it"
    speak, of = wording.spoke
    return f"{said}; {speak} of {of} answers that were to settle it speak for it" if of else said
