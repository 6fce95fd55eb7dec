"""A use case declared once: its REST route, command, assistants' tool, role and words of the audit.

A part of a handle declares its methods with `operation`; routes, commands, tools, roles and the reference
are made from these declarations by `web.api.operations`, `concepts.cli.operations` and `web.http.roles`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import KW_ONLY, dataclass
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from pydantic import Field
from pydantic.fields import FieldInfo

from concepts.installation.users import Role
from concepts.jobs import Started

if TYPE_CHECKING:
    from concepts.workbench import Workbench

Method = TypeVar("Method", bound=Callable[..., Any])
IN_PATH = re.compile(r"\{(\w+)\}")


class Given(Enum):
    """Arguments that nobody types: each front end knows them of whoever calls."""

    AUTHOR = "the name that a change is signed with"
    READER = "a labeller, who reads what others said once they have labelled themselves; None for others"
    KEY = "what names a request: the same again changes nothing and is answered like the first time"
    CONFINED = "whether only folders may be read that the app is allowed to read: not at the computer itself"
    PERMIT = "asked where the address alone doesn't say what is moved; raises what forbids it"


AuthorName = Annotated[str, Given.AUTHOR]
ReaderName = Annotated[str | None, Given.READER]
RequestKey = Annotated[str | None, Given.KEY]
Confined = Annotated[bool, Given.CONFINED]
Permit = Annotated[Callable[[str, str], None], Given.PERMIT]  # of a deed and what it is done to

MOST = 200  # items on a page


@dataclass(frozen=True)
class Flag:
    """How the command line spells a parameter where that isn't its name: as an option, or without dashes as
    an argument, which may be left out where there is a default."""

    name: str


class Spread:
    """Marks a parameter whose own fields are the parameters that people and programs see. `flags`: how the
    command line spells some of them."""

    def __init__(self, **flags: str) -> None:
        self.flags = flags


# Parameters that many operations share.
PictureId = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the picture's bytes.")]
Limit = Annotated[int, Flag("--n"), Field(ge=1, le=MOST, description="At most how many.")]
Offset = Annotated[int, Flag("--skip"), Field(ge=0, le=2**31 - 1, description="How many to pass over first.")]


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
class Parameter:
    """`type` is bare; `field` has its bounds and description. What else was annotated: who knows it if nobody
    types it (`given`), how the command line spells it (`flag`), whether its fields are parameters
    (`spread`)."""

    name: str
    type: Any
    field: FieldInfo
    default: Any
    given: Given | None = None
    flag: str = ""
    spread: Spread | None = None

    @property
    def is_required(self) -> bool:
        return self.default is inspect.Parameter.empty

    @property
    def fields(self) -> list[Parameter]:
        """Of one that is spread."""
        flags = self.spread.flags if self.spread else {}
        return [
            Parameter(name, one.annotation, one, one.default, flag=flags.get(name, ""))
            for name, one in self.type.model_fields.items()
        ]


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

    def on(self, bench: Workbench, concept: str = "") -> Callable[..., Any]:
        """The method to call: of a part of the concept of this name, or of the Workbench."""
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
        return f"{self.handle.command} {self.operation.command}".strip()  # type: ignore[attr-defined]

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
        hints = get_type_hints(self.method, include_extras=True)
        signature = list(inspect.signature(self.method).parameters.values())[1:]
        found = []
        for one in signature:
            hint = hints[one.name]
            bare, *extra = get_args(hint) if get_origin(hint) is Annotated else (hint,)
            theirs = [part for part in extra if not isinstance(part, Given | Flag | Spread)]
            described: Any = Annotated[(bare, *theirs)] if theirs else bare
            found.append(
                Parameter(
                    one.name,
                    bare,
                    FieldInfo.from_annotation(described),
                    one.default,
                    given=next((part for part in extra if isinstance(part, Given)), None),
                    flag=next((part.name for part in extra if isinstance(part, Flag)), ""),
                    spread=next((part for part in extra if isinstance(part, Spread)), None),
                )
            )
        return found


def keyword(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    """For the signature of a function that is made from a declaration."""
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def declared_in(handle: type) -> Iterator[Declared]:
    """The operations of a handle, whose annotations name its parts."""
    for part, kind in get_type_hints(handle).items():
        for name, method in vars(kind).items() if isinstance(kind, type) else ():
            if declared := getattr(method, "operation", None):
                yield Declared(handle, part, name, method, declared)
