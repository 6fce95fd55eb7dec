"""What a test of an endpoint found, in words, each with what follows from it: the same everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from concepts.installation.endpoint import SEEING, EndpointReport, ModelReport
from concepts.language import Role
from concepts.view import View

Mark = Literal["good", "note", "bad"]
SMALL = 8192  # tokens: a long definition, pictures, and an answer that was thought about

DOES: dict[Role, str] = {
    "scoping": "proposes what counts",
    "annotating": "labels pictures",
    "escalating": "looks again where the first is not sure",
    "criticising": "proposes other wordings",
}
WITHOUT: dict[Role, str] = {
    "scoping": "What counts is proposed from the built-in words.",
    "annotating": "Name one that sees, or none: then the built-in encoder labels instead.",
    "escalating": "Nobody looks again at what the first is not sure of.",
    "criticising": "Other wordings come from the built-in words.",
}
FORMS: dict[str, tuple[Mark, str, str]] = {
    "json_schema": (
        "good",
        "It obeys a form, which the endpoint itself sees to.",
        "No answer is lost to its shape.",
    ),
    "json_object_schema": (
        "good",
        "It obeys a form that is sent beside the question, token by token.",
        "No answer is lost to its shape.",
    ),
    "json_object": (
        "note",
        "It answers in JSON, and the form is only said in words.",
        "Each answer is checked here; one that doesn’t fit is asked for once more.",
    ),
    "text": (
        "note",
        "It answers in plain words, and the form is said in words too.",
        "Each answer is checked here; one that doesn’t fit is asked for once more.",
    ),
}


class Finding(View):
    """What was found, and what follows from it."""

    mark: Mark
    says: str
    follows: str = ""


class ModelFindings(View):
    """`does` says what the model is set to do."""

    model: str
    does: str
    findings: list[Finding]


def about_endpoint(report: EndpointReport) -> list[Finding]:
    found = [Finding(mark="good", says=f"{report.address} answers.")]
    if report.models:
        many = "one model" if len(report.models) == 1 else f"{len(report.models):,} models"
        found.append(Finding(mark="good", says=f"It lists {many}."))
    elif report.models_note:
        found.append(Finding(mark="note", says=report.models_note))
    return found


def about_models(report: EndpointReport) -> list[ModelFindings]:
    return [
        ModelFindings(
            model=answer.model,
            does=", ".join(DOES[role] for role in answer.roles),
            findings=list(_about(answer)),
        )
        for answer in report.answers
    ]


def _about(answer: ModelReport) -> Iterator[Finding]:
    """The worst first: what it can't do of what it is set to do."""
    if not answer.works:
        without = " ".join(WITHOUT[role] for role in answer.roles)
        yield Finding(mark="bad", says=f"It gave no usable answer: {answer.problem}", follows=without)
        return
    if answer.sees is not None:
        yield _sight(answer)
    yield from _words(answer)
    if answer.structured:
        mark, says, follows = FORMS[answer.structured]
        yield Finding(mark=mark, says=says, follows=follows)
    if answer.chances is not None:
        yield _chances(tells=answer.chances)
    yield from _size(answer)
    if answer.listed is False:
        yield Finding(mark="note", says="It is not in the endpoint’s list, but it answers.")


def _sight(answer: ModelReport) -> Finding:
    if answer.sees:
        return Finding(
            mark="good",
            says="It sees pictures: it read two that were drawn for it.",
            follows="It may look at yours.",
        )
    without = " ".join(WITHOUT[role] for role in answer.roles if role in SEEING)
    says = f"It doesn’t see pictures. {answer.blind_why}"
    return Finding(mark="bad", says=says, follows=f"It is shown none. {without}")


def _words(answer: ModelReport) -> Iterator[Finding]:
    if answer.correct is None:
        return
    speed = "" if answer.seconds is None else f", in {max(answer.seconds, 0.1):.1f} seconds"
    if answer.tokens_per_second and answer.tokens_per_second >= 1:
        speed += f" and {answer.tokens_per_second:,.0f} tokens a second"
    if answer.correct:
        yield Finding(mark="good", says=f"It understands words: it answered rightly{speed}.")
    else:
        yield Finding(
            mark="bad",
            says=f"It understands words but answered wrongly{speed}.",
            follows="Don’t rely on what it proposes.",
        )


def _chances(*, tells: bool) -> Finding:
    if tells:
        return Finding(
            mark="good",
            says="It tells how likely it held each answer.",
            follows="How sure it is comes from that.",
        )
    return Finding(
        mark="note",
        says="It gives no probabilities.",
        follows="How sure it is comes from asking three times.",
    )


def _size(answer: ModelReport) -> Iterator[Finding]:
    if answer.context is None:
        if answer.works and answer.structured:
            yield Finding(mark="note", says="How much it reads at once, the endpoint doesn’t say.")
        return
    small = answer.context < SMALL
    yield Finding(
        mark="note" if small else "good",
        says=f"It reads {answer.context:,} tokens at once.",
        follows="A long definition with many criteria may not fit." if small else "",
    )
