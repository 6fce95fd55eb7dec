"""A Ray of the tests' own: two workers on this machine, no dashboard, one for a module of tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from engine_work import Roots

from concepts.errors import EngineError
from concepts.jobs.engines import Engine, engine_of


class NoRayError(Exception):
    """Why there is no Ray to test with."""


@contextmanager
def running_ray() -> Iterator[Engine]:
    if find_spec("ray") is None:
        raise NoRayError("The package ray is not installed: pip install -r requirements-ray.txt.")
    engine = engine_of("ray")
    try:
        list(engine.map(Roots(), [[0]]))
    except EngineError as error:
        raise NoRayError(str(error)) from error
    try:
        yield engine
    finally:
        engine.close()
