"""A use case declared once: its REST route, command, assistants' tool, role and words of the audit.

A part of a handle declares its methods with `operation`; routes, commands, tools, roles and the reference
are made from these declarations by `web.api.operations`, `concepts.cli.operations` and `web.http.roles`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, get_origin, get_type_hints

from concepts.jobs import Started
from concepts.use_cases.parameters import IN_PATH, Parameter, parameters_of
from concepts.use_cases.roles import Role

if TYPE_CHECKING:
    from concepts.workbench import Workbench

Method = TypeVar("Method", bound=Callable[..., Any])


@dataclass(frozen=True)
class Operation:
    """A decorator that declares a method as a use case.

    `route` ("PUT /prompts/{prompt}") and `command` ("labels undo") stand below those of the handle; empty
    where there is none. Without a `role` viewers may read and owners may change. `audit`: what an owner later
    reads of it. `host`: it is about the computer Discern runs on, so it is closed to visitors of a demo.
    `question`: what a person is asked before an assistant's `tool` does it, of the part and the arguments;
    without one, the docstring's first sentence. `is_final`: it can't be undone, so the command asks as well.

    Parameters that the route's path doesn't name are a query's, or for POST, PUT and PATCH the fields of a
    JSON body. In a command those without a default are arguments, the others options. `Annotated[…,
    Field(description=…, ge=…)]` describes and bounds a parameter everywhere. A method that returns a
    `Started` begins a job: REST answers 202, a command waits.
    """

    route: str = ""
    _: KW_ONLY
    command: str = ""
    tool: str = ""
    role: Role | None = None
    audit: str = ""
    host: bool = False
    question: Callable[..., str] | None = None
    is_final: bool = False

    def __call__(self, method: Method) -> Method:
        method.operation = self  # type: ignore[attr-defined]  # found again by `declared_in`
        return method


operation = Operation  # as decorators are written


@dataclass(frozen=True)
class Declared:
    """An operation where it is declared: the method of a part (`versions`) of a handle (`Concept`)."""

    handle: type
    part: str
    name: str
    method: Callable[..., Any]
    operation: Operation

    @property
    def is_of_concept(self) -> bool:
        """Whether it is an operation of one concept, which is named first."""
        return "name" in IN_PATH.findall(str(self.handle.route))  # type: ignore[attr-defined]

    def on(self, app: Any, concept: str = "") -> Callable[..., Any]:
        """The method to call: of a part of the concept of this name, or of the Workbench."""
        bench: Workbench = app.bench
        handle: Any = bench.concept(concept) if self.is_of_concept else bench
        method: Callable[..., Any] = getattr(getattr(handle, self.part), self.name)
        spread = next((one for one in self._signed if one.spread), None)
        if spread is None:
            return method

        def gathered(**given: Any) -> Any:
            fields = {name: given.pop(name) for name in spread.type.model_fields if name in given}
            return method(**{spread.name: spread.type.of(fields)}, **given)

        return gathered

    @property
    def verb(self) -> str:
        return self.operation.route.partition(" ")[0]

    @property
    def path(self) -> str:
        return str(self.handle.route) + self.operation.route.partition(" ")[2]  # type: ignore[attr-defined]

    @property
    def command(self) -> str:
        above = self.handle.command  # type: ignore[attr-defined]
        return f"{above} {self.operation.command}".strip() if self.operation.command else ""

    @property
    def role(self) -> Role:
        reads = self.verb == "GET"
        return self.operation.role or (Role.VIEWER if reads else Role.OWNER)

    @property
    def summary(self) -> str:
        """The docstring without what it raises, which is for programmers."""
        text = (inspect.getdoc(self.method) or "").split("\n\n")
        return "\n\n".join(one for one in text if not one.startswith("Raises"))

    @cached_property
    def result(self) -> Any:
        return get_type_hints(self.method, include_extras=True)["return"]

    @property
    def is_job(self) -> bool:
        return get_origin(self.result) is Started

    @cached_property
    def parameters(self) -> list[Parameter]:
        return [each for one in self._signed for each in (one.fields if one.spread else [one])]

    @cached_property
    def _signed(self) -> list[Parameter]:
        """As the method has them."""
        return parameters_of(self.method)

    @property
    def function(self) -> Callable[..., Any]:
        return self.method

    @property
    def room(self) -> str:
        return self.part

    @property
    def route(self) -> str:
        return f"{self.verb} {self.path}" if self.operation.route else ""

    @property
    def tool(self) -> str:
        return self.operation.tool

    @property
    def audit(self) -> str:
        return self.operation.audit

    @property
    def host(self) -> bool:
        return self.operation.host

    @property
    def is_final(self) -> bool:
        return self.operation.is_final

    @property
    def title(self) -> str:
        return f"{self.name.capitalize()}…"

    @property
    def key(self) -> str:
        return f"{self.part}.{self.name}"

    @property
    def operation_id(self) -> str:
        return f"{self.part}_{self.name}"

    @property
    def about(self) -> str:
        """What the room is, for the reference."""
        return inspect.getdoc(get_type_hints(self.handle)[self.part]) or ""

    def asks(self, app: Any, concept: str, given: dict[str, Any]) -> str:
        """What a person is asked before an assistant's tool does it; empty where that isn't declared."""
        own = self.operation.question
        return str(own(self.on(app, concept).__self__, **given)) if own else ""  # type: ignore[attr-defined]


def declared_in(handle: type) -> Iterator[Declared]:
    """The operations of a handle, whose annotations name its parts."""
    for part, kind in get_type_hints(handle).items():
        for name, method in vars(kind).items() if isinstance(kind, type) else ():
            if declared := getattr(method, "operation", None):
                yield Declared(handle, part, name, method, declared)
