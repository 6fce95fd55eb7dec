"""What a job is: its kind, what the work needs to know, the lane it waits in, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar, cast, dataclass_transform, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError

from concepts.errors import DiscernError
from storage.jobs import StoredJob

Done = TypeVar("Done", bound=BaseModel)
AJob = TypeVar("AJob", bound="Job[Any]")


class Lane(StrEnum):
    """One job at a time runs in each lane, so that a training of seconds never waits for hours of adding, and
    a new picture of a watched folder waits for neither; reading the words in pictures, which may take
    days, keeps none of them waiting, and neither does what follows a training: the next one may be asked for
    before that is done."""

    SHORT = "short"
    FOLLOWING = "following"
    LONG = "long"
    WATCHING = "watching"
    READING = "reading"


@dataclass_transform(frozen_default=True)
class Job(Generic[Done]):
    """Base of every kind of long work, which ends in a `Done`.

    A kind is made a frozen dataclass here. Its fields are plain values: what the work needs to know. One that
    is about a concept has its `concept_id`; a name may be another concept's tomorrow. Fields are added with a
    default and `kind` never changes, because rows of older versions are read with them.
    """

    kind: ClassVar[str]
    lane: ClassVar[Lane]
    done: ClassVar[type[BaseModel]]  # `Done`, to read what is kept of it

    def __init_subclass__(cls) -> None:
        dataclass(frozen=True)(cls)
        (base,) = cls.__orig_bases__  # type: ignore[attr-defined]  # of every subclass of a generic class
        (cls.done,) = get_args(base)

    def arguments(self) -> tuple[dict[str, Any], int | None]:
        """As JSON, and the concept apart from it: that is a column of its own."""
        values = _adapter(type(self)).dump_python(self, mode="json")
        return values, values.pop("concept_id", None)


_adapters: dict[type[Job[Any]], TypeAdapter[Any]] = {}


def _adapter(kind: type[Job[Any]]) -> TypeAdapter[Any]:
    """Made once: that takes longer than to read a hundred rows."""
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def read_job(kind: type[AJob], stored: StoredJob) -> AJob:
    """The job of a row. Raises `DiscernError` where the row doesn't say what this version needs to know."""
    known: Mapping[str, Any] = stored.arguments
    if stored.concept_id is not None:
        known = {**known, "concept_id": stored.concept_id}
    try:
        return cast(AJob, _adapter(kind).validate_python(known))
    except ValidationError as error:
        missing = ", ".join(str(place) for e in error.errors() for place in e["loc"])
        raise DiscernError(
            f"Job {stored.id} was begun by another version of Discern and doesn't say enough to go on "
            f"({missing}). Begin the same work anew."
        ) from error


def read_done(kind: type[Job[Done]], stored: StoredJob) -> Done:
    """What came of a job that is done."""
    return cast(Done, kind.done.model_validate(stored.result))
