"""The parameters of a use case: what people and programs type, and what each front end knows by itself."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import Field
from pydantic.fields import FieldInfo

IN_PATH = re.compile(r"\{(\w+)\}")
MOST = 200  # items on a page
LARGEST = 2**31 - 1  # that a column holds


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


# Parameters that many use cases share.
PictureId = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the picture's bytes.")]
Limit = Annotated[int, Flag("--n"), Field(ge=1, le=MOST, description="At most how many.")]
Offset = Annotated[int, Flag("--skip"), Field(ge=0, le=LARGEST, description="How many to pass over first.")]


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


def parameters_of(function: Callable[..., Any], skip: int = 1) -> list[Parameter]:
    """The parameters of a function after the first `skip`, as its signature has them."""
    hints = get_type_hints(function, include_extras=True)
    found = []
    for one in list(inspect.signature(function).parameters.values())[skip:]:
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
