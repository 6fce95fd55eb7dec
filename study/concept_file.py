"""Which concepts a study is about: a TOML file with one table a concept.

pool = 2700              # how many of the pictures may be asked about; the others measure (half without it)

["Milk"]
description = "Cartons and bottles of milk."
when = 'coarse == "Milk"'
unsure = 'fine == "Oat-Milk"'    # left out: neither asked about nor measured
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from concepts.errors import DiscernError

SETTINGS = ("pool", "list")


class StudyConcept(BaseModel):
    """What a person would write, and by which columns it is known whether a picture counts."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=120)
    description: str = Field(min_length=1, max_length=2000)
    when: str = Field(min_length=1)
    unsure: str = ""
    facet: str = ""  # the column whose values are the kinds of what counts
    searches: tuple[str, ...] = ()  # that the person comes to write, one after the other
    thinned: float = Field(
        default=0.0, ge=0, lt=1
    )  # of the pool no larger share counts; 0 leaves all of them


@dataclass(frozen=True)
class ConceptFile:
    """`pool` 0 means half of the pictures. `kind` is "tuning" for concepts that methods were chosen by, and
    "confirming" for those that only confirm."""

    concepts: tuple[StudyConcept, ...]
    pool: int = 0
    kind: str = "tuning"


def read_concepts(file: Path) -> ConceptFile:
    """Raises `DiscernError`, which says in which table what is wrong."""
    try:
        with file.open("rb") as stream:
            tables: dict[str, Any] = tomllib.load(stream)
    except OSError as error:
        raise DiscernError(f"{file} can't be read ({error.strerror}).") from error
    except (tomllib.TOMLDecodeError, UnicodeError) as error:
        raise DiscernError(f"{file} is no TOML file: {error}.") from error
    pool, kind = tables.pop("pool", 0), tables.pop("list", "tuning")
    if not isinstance(pool, int) or isinstance(pool, bool) or pool < 0:
        raise DiscernError(f"{file}: pool is how many pictures may be asked about, a whole number.")
    if kind not in ("tuning", "confirming"):
        raise DiscernError(f"{file}: list is “tuning” or “confirming”.")
    concepts = tuple(_concept(file, name, table) for name, table in tables.items())
    if not concepts:
        raise DiscernError(f"{file} has no concept. Add a table with description and when.")
    return ConceptFile(concepts, pool, kind)


def _concept(file: Path, name: str, table: Any) -> StudyConcept:
    if not isinstance(table, dict):
        raise DiscernError(f"{file}: “{name}” is no table with description and when.")
    try:
        return StudyConcept.model_validate({"name": name} | table)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:3])
        raise DiscernError(f"{file}, concept “{name}”: {wrong}.") from error
