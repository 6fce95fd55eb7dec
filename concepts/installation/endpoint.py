"""What a model endpoint can do, found out by asking it for a fraction of a cent, and what follows from it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from pydantic import BaseModel, model_validator

from concepts.errors import DiscernError, ModelCallError, SettingsError
from concepts.language import Role, chat_model
from concepts.language.base import ChatModel, Message
from concepts.language.capabilities import PURPOSE, CapabilityMemory, check_sight
from concepts.language.connection import Listing, list_models, without_credentials
from concepts.language.openai_compatible import DEFAULT_ENDPOINT
from concepts.settings import Settings
from concepts.view import View
from storage.calls import Ledger

ROLES: tuple[Role, ...] = get_args(Role)
SEEING: tuple[Role, ...] = ("annotating", "escalating")

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
    blind_why: str = ""
    context: int | None = None  # tokens it reads at once, where the endpoint says
    seconds: float | None = None  # of a short question about words
    tokens_per_second: float | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_an_older_version(cls, kept: Any) -> Any:
        """Reports are kept with their jobs. Older ones had one role each ("llm" or "vlm" at first), and what
        a model made of a picture stood where others have what it made of words."""
        if not isinstance(kept, Mapping) or "role" not in kept:
            return kept
        renamed: dict[str, Role] = {"llm": "scoping", "vlm": "annotating"}
        read = {name: value for name, value in kept.items() if name != "role"}
        read["roles"] = [renamed.get(kept["role"], kept["role"])]
        if read["roles"] == ["annotating"]:
            right = bool(kept.get("works")) and bool(kept.get("correct"))
            why = "" if right else kept.get("problem") or "It answered wrongly."
            read |= {"works": True, "correct": None, "sees": right, "blind_why": why}
        return read


class EndpointReport(View):
    """What an endpoint can do, found out by asking it."""

    address: str
    models: list[str]
    models_note: str
    answers: list[ModelReport]


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
    address = without_credentials(settings.openai_base_url or DEFAULT_ENDPOINT)
    roles = _roles(settings, ledger)
    steps = 1 + len(roles)
    report(0, steps, f"asking {address} for its models")
    key = settings.openai_api_key
    listing = list_models(
        settings.openai_base_url or DEFAULT_ENDPOINT, key.get_secret_value() if key else None
    )
    answers = []
    for step, (model, its_roles) in enumerate(roles, start=1):
        report(step, steps, f"asking {model.name}")
        answers.append(_Examined(model, its_roles, settings, ledger, listing).report())
    report(steps, steps, "")
    return EndpointReport(
        address=address, models=list(listing.models), models_note=listing.note, answers=answers
    )


def _roles(settings: Settings, ledger: Ledger) -> list[tuple[ChatModel, list[Role]]]:
    """Each model once, with all that it is to do."""
    found: dict[str, tuple[ChatModel, list[Role]]] = {}
    for role in ROLES:
        model = chat_model(settings, role, ledger)
        if model is not None:
            found.setdefault(model.name, (model, []))[1].append(role)
    return list(found.values())


@dataclass
class _Examined:
    """One model, being asked."""

    model: ChatModel
    roles: list[Role]
    settings: Settings
    ledger: Ledger
    listing: Listing

    def report(self) -> ModelReport:
        name = self.model.name
        memory = CapabilityMemory(self.settings.cache, self.model.endpoint, name)
        memory.forget()
        listed = name in self.listing.models if self.listing.models else None
        about: dict[str, Any] = {
            "model": name,
            "roles": self.roles,
            "listed": listed,
            "context": self.listing.context(name),
        }
        try:
            about |= self._words()
        except DiscernError as error:
            return ModelReport(**about, works=False, problem=str(error))
        about["structured"] = memory.dialect[0].rung
        if set(self.roles) & set(SEEING):
            try:
                sight = check_sight(self.model)
            except ModelCallError as error:
                return ModelReport(**about, works=True, sees=False, blind_why=str(error))
            memory.saw(sight)
            about |= {"sees": sight.sees, "blind_why": sight.why}
        return ModelReport(**about, works=True)

    def _words(self) -> dict[str, Any]:
        """A question with a known answer. It is new every time, so that it is not answered from the cache."""
        number = random.randrange(1000, 1_000_000)
        asked = [Message("user", f"Give back the number {number}, and say whether it is odd.")]
        started = time.monotonic()
        weighed = self.model.weigh(asked, _Known, field="odd", purpose=PURPOSE)
        seconds = time.monotonic() - started
        return {
            "correct": weighed.answer.number == number,
            "chances": weighed.chances is not None,
            "seconds": round(seconds, 2),
            "tokens_per_second": self._speed(),
        }

    def _speed(self) -> float | None:
        """Of the call that was answered last, where the endpoint counts tokens."""
        for _, call in self.ledger.recent(20):
            if (call.model, call.purpose, call.outcome) == (self.model.name, PURPOSE, "answered"):
                if not call.tokens_out or not call.latency_ms:
                    return None
                return round(1000 * call.tokens_out / call.latency_ms, 1)
        return None


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
