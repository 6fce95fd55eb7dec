"""What a model endpoint can do, found out by asking it for a fraction of a cent, and what follows from it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import Any, Literal

from pydantic import BaseModel

from concepts.errors import DiscernError, ModelCallError, SettingsError
from concepts.language import ROLES, Role, chat_model
from concepts.language.base import ChatModel, Message
from concepts.language.capabilities import PURPOSE, CapabilityMemory, check_sight
from concepts.language.connection import Listing, list_models, without_credentials
from concepts.language.openai_compatible import DEFAULT_ENDPOINT
from concepts.settings import Settings
from concepts.view import View, count
from storage.calls import Ledger

SEEING: tuple[Role, ...] = ("annotating", "escalating")

Mark = Literal["good", "note", "bad"]
SMALL = 8192  # tokens: a long definition, pictures, and an answer that was thought about
DOES: dict[Role, str] = {
    "scoping": "proposes criteria",
    "annotating": "suggests labels",
    "escalating": "labels where the first is unsure",
    "criticising": "proposes wordings",
}
WITHOUT: dict[Role, str] = {
    "scoping": "Criteria come from the built-in words.",
    "annotating": "Name one that sees, or none: then the built-in encoder labels instead.",
    "escalating": "No other model labels where the first is unsure.",
    "criticising": "Wordings come from the built-in words.",
}


class Finding(View):
    """What was found, and what follows from it."""

    mark: Mark
    says: str
    follows: str = ""


def found(mark: Mark, says: str, follows: str = "") -> Finding:
    return Finding(mark=mark, says=says, follows=follows)


FORMS = {
    "json_schema": found(
        "good", "The endpoint enforces the form of each reply.", "No reply is lost to its form."
    ),
    "json_object_schema": found(
        "good",
        "The endpoint enforces a form that is sent with the question.",
        "No reply is lost to its form.",
    ),
    "json_object": found(
        "note",
        "It replies in JSON without a fixed form.",
        "Unfit replies are asked for again.",
    ),
    "text": found(
        "note",
        "It replies in plain text.",
        "Unfit replies are asked for again.",
    ),
}


class ModelReport(View):
    """What one model did with questions whose answers are known. What was not found out is none."""

    model: str
    roles: list[Role]
    works: bool
    problem: str = ""
    listed: bool | None = None  # whether the endpoint's list has it; none without a list
    correct: bool | None = None
    structured: str = ""  # how it is made to answer in a form: a rung of `concepts.language.dialects`
    chances: bool | None = None  # whether it tells how likely it held an answer
    sees: bool | None = None  # asked of those that are to look at pictures
    blind_why: str = ""  # also why it isn't known whether it sees
    context: int | None = None  # tokens it reads at once, where the endpoint says
    seconds: float | None = None  # of a short question about words
    tokens_per_second: float | None = None


class EndpointReport(View):
    """What an endpoint can do, found out by asking it."""

    address: str
    models: list[str]
    models_note: str
    answers: list[ModelReport]

    def says(self) -> str:
        return f"{sum(one.works for one in self.answers)} of {count(len(self.answers), 'model')} answered"


class _Known(BaseModel):
    number: int
    odd: Literal["yes", "no"]


def examine(
    settings: Settings, ledger: Ledger, report: Callable[[int, int | None, str], None]
) -> EndpointReport:
    """Asks for the list of models, then puts a few small questions to each model that is set, to one that has
    several roles once. What was remembered of them is forgotten first.

    Raises `SettingsError` where no endpoint is set, and `ModelCallError` where it can't be reached.
    """
    if not settings.has_endpoint:
        raise SettingsError("No endpoint is set. Give an address, a key, or both.")
    url, key = settings.openai_base_url or DEFAULT_ENDPOINT, settings.openai_api_key
    address = without_credentials(url)
    roles: dict[str, list[Role]] = {}  # of each model, asked once
    models: dict[str, ChatModel] = {}
    for role in ROLES:
        if (model := chat_model(settings, role, ledger)) is not None:
            models.setdefault(model.name, model)
            roles.setdefault(model.name, []).append(role)
    steps = 1 + len(models)
    report(0, steps, f"asking {address} for its models")
    listing = list_models(url, key.get_secret_value() if key else None)
    answers = []
    for step, (name, model) in enumerate(models.items(), start=1):
        report(step, steps, f"asking {name}")
        answers.append(_examined(model, roles[name], settings, ledger, listing))
    report(steps, steps, "")
    return EndpointReport(
        address=address, models=list(listing.models), models_note=listing.note, answers=answers
    )


def _examined(
    model: ChatModel, roles: list[Role], settings: Settings, ledger: Ledger, listing: Listing
) -> ModelReport:
    memory = CapabilityMemory(settings.cache, model.endpoint, model.name)
    memory.forget()
    about: dict[str, Any] = {
        "model": model.name,
        "roles": roles,
        "listed": model.name in listing.models if listing.models else None,
        "context": listing.context(model.name),
    }
    # A question with a known answer, new every time, so that it is not answered from the cache.
    number = random.randrange(1000, 1_000_000)
    asked = [Message("user", f"Give back the number {number}, and say whether it is odd.")]
    started = time.monotonic()
    try:
        weighed = model.weigh(asked, _Known, field="odd", purpose=PURPOSE)
    except DiscernError as error:
        return ModelReport(**about, works=False, problem=str(error))
    ours = (model.name, PURPOSE, "answered")
    calls = (call for _, call in ledger.recent(20) if (call.model, call.purpose, call.outcome) == ours)
    last, speed = next(calls, None), None
    if last and last.tokens_out and last.latency_ms:  # not every endpoint counts tokens
        speed = round(1000 * last.tokens_out / last.latency_ms, 1)
    about |= {
        "works": True,
        "seconds": round(time.monotonic() - started, 2),
        "correct": weighed.answer.number == number,
        "chances": weighed.chances is not None,
        "tokens_per_second": speed,
        "structured": memory.dialect[0].rung,
    }
    if set(roles) & set(SEEING):
        try:
            sight = check_sight(model)
        except ModelCallError as error:
            return ModelReport(**about, blind_why=str(error))  # which tells nothing about its eyes
        memory.saw(sight)
        about |= {"sees": sight.sees, "blind_why": sight.why}
    return ModelReport(**about)


class ModelFindings(View):
    """`does` says what the model is set to do."""

    model: str
    does: str
    findings: list[Finding]


def about_endpoint(report: EndpointReport) -> list[Finding]:
    findings = [found("good", f"{report.address} answers.")]
    if report.models:
        many = "one model" if len(report.models) == 1 else f"{len(report.models):,} models"
        findings.append(found("good", f"It lists {many}."))
    elif report.models_note:
        findings.append(found("note", report.models_note))
    return findings


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
        yield found("bad", f"It gave no usable answer: {answer.problem}", without)
        return
    if answer.sees:
        yield found("good", "It sees pictures: it read two test drawings.", "It may label yours.")
    elif answer.sees is not None:
        without = " ".join(WITHOUT[role] for role in answer.roles if role in SEEING)
        yield found("bad", f"It doesn’t see pictures. {answer.blind_why}", f"It is sent none. {without}")
    elif answer.blind_why:
        said = f"It didn’t say what is in a test picture. {answer.blind_why}"
        yield found("bad", said, "Then test again: it labels none until it reads two.")
    yield from _about_words(answer)
    if answer.structured:
        yield FORMS[answer.structured]
    if answer.chances:
        yield found("good", "It gives probabilities.", "Its certainty comes from them.")
    elif answer.chances is not None:
        yield found("note", "It gives no probabilities.", "It is asked three times.")
    if answer.context is not None:
        reads = f"Its context is {answer.context:,} tokens."
        if answer.context < SMALL:
            yield found("note", reads, "A long description may not fit.")
        else:
            yield found("good", reads)
    elif answer.structured:
        yield found("note", "The endpoint doesn’t say how large its context is.")
    if answer.listed is False:
        yield found("note", "It answers, though the endpoint doesn’t list it.")


def _about_words(answer: ModelReport) -> Iterator[Finding]:
    if answer.correct is None:
        return
    speed = "" if answer.seconds is None else f", in {max(answer.seconds, 0.1):.1f} seconds"
    if answer.tokens_per_second and answer.tokens_per_second >= 1:
        speed += f" and {answer.tokens_per_second:,.0f} tokens a second"
    if answer.correct:
        yield found("good", f"It answers correctly{speed}.")
    else:
        wrongly = f"It answers, but wrongly{speed}."
        yield found("bad", wrongly, "Don’t rely on what it proposes.")
