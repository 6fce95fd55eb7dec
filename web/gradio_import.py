"""Gradio, which a start waits for longest, without what the app has no use for.

With each of its components Gradio writes stubs for editors, into its own package, each time it is imported: a
third of the import. Where the optional package `mcp` is installed, it imports that too, for a server that
only an app with `mcp_server=True` has; our tools for assistants are `web/mcp/`. IPython, where there is one,
is for notebooks, and the command line of httpx for nobody who imports httpx. Around each event it switches
matplotlib to another way of drawing and back, and for the first it imports all of that, in the thread that
answers everybody; our figures are drawn without that state (`concepts/bundle/figures.py`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType


def _write_nothing(*_: object) -> None: ...


REPLACED: dict[str, dict[str, object]] = {
    "gradio.component_meta": {"create_or_modify_pyi": _write_nothing},
    "gradio.utils": {"MatplotlibBackendMananger": nullcontext},
}


class _Replacing(SourceFileLoader):
    """Of a module with something that is not to be done; what a later Gradio has no longer isn't missed."""

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        for name, instead in REPLACED[module.__name__].items():
            if hasattr(module, name):
                setattr(module, name, instead)


class _Without(SourceFileLoader):
    """Of a module that does without another one where there is none."""

    def exec_module(self, module: ModuleType) -> None:
        with _as_if_missing(UNUSED[module.__name__]):
            super().exec_module(module)


UNUSED = {"gradio.mcp": "mcp", "gradio.ipython_ext": "IPython", "httpx": "httpx._main"}
LEANER: dict[str, Callable[[str, str], SourceFileLoader]] = {
    **dict.fromkeys(REPLACED, _Replacing),
    **dict.fromkeys(UNUSED, _Without),
}


class LeanGradio(MetaPathFinder):
    """Finds these modules where they are anyway."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        loader = LEANER.get(fullname)
        spec = PathFinder.find_spec(fullname, path, target) if loader else None
        if loader and spec and isinstance(spec.loader, SourceFileLoader):
            spec.loader = loader(fullname, spec.loader.path)
        return spec


def import_gradio_lean() -> None:
    """From here on, where it wasn't imported yet."""
    if not any(isinstance(finder, LeanGradio) for finder in sys.meta_path):
        sys.meta_path.insert(0, LeanGradio())


@contextmanager
def _as_if_missing(module: str) -> Iterator[None]:
    """Unless it is there already, in which case it costs nothing."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]  # Python's way to say that there is none
    try:
        yield
    finally:
        del sys.modules[module]
