"""`use_case`: declares a function as something that people and programs can ask for.

The function stands in the room that does the work. Its signature is the arguments, its return type the
result, its docstring the help. REST, commands, assistants' tools, roles, the words of the audit, jobs and
printed results are made from the declaration.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from functools import cached_property, partial
from pathlib import Path
from types import new_class
from typing import Any, TypeVar, get_origin, get_type_hints

from concepts.jobs import Job, Lane, Progress, Started
from concepts.use_cases.handles import DECLARED, App, Concept
from concepts.use_cases.parameters import Parameter, parameters_of
from concepts.use_cases.roles import Role

DOMAIN = __package__.rpartition(".")[0]  # the package of all rooms
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class UseCase:
    """A function and what was declared of it."""

    function: Callable[..., Any]
    _: KW_ONLY
    route: str = ""
    command: str = ""
    tool: str = ""
    role: Role
    audit: str = ""
    host: bool = False
    question: Callable[..., str] | None = None
    is_final: bool = False
    title: str = ""
    lane: Lane = Lane.SHORT
    before: Callable[..., object] | None = None

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def room(self) -> str:
        """Such as "labelling". In a wheel all packages are inside another."""
        return self.function.__module__.removeprefix(f"{DOMAIN}.").partition(".")[0]

    @property
    def key(self) -> str:
        return self.name

    @property
    def operation_id(self) -> str:
        return self.name

    @property
    def about(self) -> str:
        """What the room is, for the reference."""
        return inspect.getdoc(sys.modules[f"{DOMAIN}.{self.room}"]) or ""

    @property
    def verb(self) -> str:
        return self.route.partition(" ")[0]

    @property
    def path(self) -> str:
        return self.route.partition(" ")[2]

    @property
    def is_job(self) -> bool:
        """Whether it answers with a job: its own, or one of another use case that it begins."""
        return self.is_work or get_origin(self.result) is Started

    @property
    def is_work(self) -> bool:
        """Whether it waits in a lane."""
        return bool(self.title)

    @property
    def summary(self) -> str:
        """The docstring without what it raises, which is for programmers."""
        text = (inspect.getdoc(self.function) or "").split("\n\n")
        return "\n\n".join(one for one in text if not one.startswith("Raises"))

    @cached_property
    def _hints(self) -> dict[str, Any]:
        return get_type_hints(self.function, include_extras=True)

    @cached_property
    def result(self) -> Any:
        """The return type. Of a job, a `View`."""
        return self._hints["return"]

    @cached_property
    def is_of_concept(self) -> bool:
        """Whether its first parameter is a concept, and not the app."""
        first = next(iter(inspect.signature(self.function).parameters))
        return bool(self._hints[first] is Concept)

    @cached_property
    def _signed(self) -> list[Parameter]:
        return parameters_of(self.function, skip=2 if self.is_work else 1)

    @cached_property
    def parameters(self) -> list[Parameter]:
        """What is asked for beside the concept; the fields of one that is spread in its place."""
        return [each for one in self._signed for each in (one.fields if one.spread else [one])]

    def on(self, app: App, concept: str = "") -> Callable[..., Any]:
        """The function for an app, or for its concept of this name; of a job, what begins it. It takes
        `parameters`."""
        handle = app.concept(concept) if self.is_of_concept else app
        call = partial(handle.begin, self.function) if self.is_work else partial(self.function, handle)
        spread = next((one for one in self._signed if one.spread), None)
        if spread is None:
            return call

        def gathered(**given: Any) -> Any:
            fields = {name: given.pop(name) for name in spread.type.model_fields if name in given}
            return call(**{spread.name: spread.type.of(fields)}, **given)

        return gathered

    # As a job

    @property
    def kind(self) -> str:
        """Its name in the job table."""
        return self.name.replace("_", " ")

    @cached_property
    def job(self) -> type[Job[Any]]:
        """What a row of the job table says of it: its arguments."""
        fields: dict[str, Any] = {"concept_id": int} if self.is_of_concept else {}
        signed = sorted(
            self._signed, key=lambda one: not one.is_required
        )  # a field without a default stands first
        fields |= {one.name: str if one.type is Path else one.type for one in signed}
        defaults = {one.name: one.default for one in self._signed if not one.is_required}
        body = {"__annotations__": fields, "kind": self.kind, "lane": self.lane, **defaults}
        base: Any = Job[self.result]  # type: ignore[name-defined]  # a type that is known here alone
        return new_class(self.name, (base,), exec_body=lambda names: names.update(body))

    def asks(self, app: App, concept: str, given: dict[str, Any]) -> str:
        """What a person is asked before an assistant's tool does it; empty where that isn't declared."""
        if self.question is None:
            return ""
        return self.question(app.concept(concept) if self.is_of_concept else app, **given)

    def begin(self, handle: App | Concept, *given: Any, **named: Any) -> Started[Any]:
        """Queues the job. Raises what `before` raises, and `PlaceError`."""
        if self.before is not None:
            self.before(handle, *given, **named)
        app = handle.app if isinstance(handle, Concept) else handle
        return app.jobs.begin(self.job_for(handle, *given, **named))

    def job_for(self, handle: App | Concept, *given: Any, **named: Any) -> Job[Any]:
        """What the job table is told."""
        names = [one.name for one in self._signed]
        asked = dict(zip(names, given, strict=False)) | named
        for name, value in asked.items():
            if isinstance(value, Path):  # rows have plain values, and who works may stand elsewhere
                asked[name] = str(value.absolute())
        return self.job(**asked, **({"concept_id": handle.id} if isinstance(handle, Concept) else {}))

    def worker(self, app: App) -> Callable[[Any, Progress], Any]:
        """What does a job of the job table."""

        def work(job: Any, progress: Progress) -> Any:
            given = {one.name: getattr(job, one.name) for one in self._signed}
            given |= {one.name: Path(given[one.name]) for one in self._signed if one.type is Path}
            handle = app.concept_of(job.concept_id) if self.is_of_concept else app
            return self.function(handle, progress, **given)

        return work


def use_case(
    route: str = "",
    *,
    command: str = "",
    tool: str = "",
    role: Role | None = None,
    audit: str = "",
    host: bool = False,
    question: Callable[..., str] | None = None,
    is_final: bool = False,
    job: str = "",
    lane: Lane = Lane.SHORT,
    before: Callable[..., object] | None = None,
) -> Callable[[Function], Function]:
    """Declares a function, whose first parameter is a `Concept` or the `App`.

    `route`: "PUT /concepts/{name}/scope". Parameters that its path doesn't name are a query's, or for
    POST, PUT and PATCH the fields of a JSON body. `command`: "concept scope"; parameters without a default
    are arguments, the others options. Empty where there is none. `Annotated[…, Field(description=…, ge=…)]`
    describes and bounds a parameter everywhere.

    Without a `role` viewers may read and owners may change. `audit`: what an owner later reads of it. `host`:
    it is about the computer Discern runs on, so it is closed to visitors of a demo. `question`: what a person
    is asked before an assistant's `tool` does it; without one, the docstring's first sentence. `is_final`: it
    can't be undone, so the command asks as well.

    `job`: the title of long work. Its second parameter is the `Progress`, it waits in a `lane`, and REST
    answers 202. It is run again after a crash, so it goes on where it was. `before` is called with the same
    arguments when somebody asks for the job, and raises what can be told at once.
    """

    def declare(function: Function) -> Function:
        reads = route.startswith("GET ")
        DECLARED[function] = UseCase(
            function,
            route=route,
            command=command,
            tool=tool,
            role=role or (Role.VIEWER if reads else Role.OWNER),
            audit=audit,
            host=host,
            question=question,
            is_final=is_final,
            title=job,
            lane=lane,
            before=before,
        )
        return function

    return declare


def job_of_kind(kind: str) -> UseCase | None:
    """The use case that a row of the job table is of; None where no room declares it."""
    return next((one for one in DECLARED.values() if one.is_work and one.kind == kind), None)


def kind_of(work: Callable[..., Any]) -> str:
    """The name in the job table of a use case that is a job."""
    return DECLARED[work].kind
