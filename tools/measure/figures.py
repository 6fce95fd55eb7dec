"""All measures of a checkout together, and what of them has grown."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.measure import forwarding, patches, rooms, size, surfaces, twice
from tools.measure.source import Checkout
from tools.measure.suites import Suite
from tools.measure.words import Words

Figures = dict[str, float]
SLOW = ("screens.", "suites.")


@dataclass
class Measured:
    """`figures`: name → value, as `tools/limits.toml` names them. The rest says where they come from."""

    figures: Figures
    sizes: dict[str, dict[str, size.Size]]
    longest_modules: list[tuple[int, str]]
    class_names_twice: list[str]
    patches: list[patches.Patch]
    runs_twice: list[twice.Run]
    screens: dict[str, dict[int, Words]] = field(default_factory=dict)
    suites: dict[str, Suite] = field(default_factory=dict)

    def add_screens(self, screens: dict[str, dict[int, Words]]) -> None:
        """The most words that any screen shows at any width count, so that a new screen has the limit too."""
        self.screens = screens
        every = [words for by_width in screens.values() for words in by_width.values()]
        self.figures["screens.folded"] = max(words.folded for words in every)
        self.figures["screens.unfolded"] = max(words.unfolded for words in every)

    def add_suites(self, suites: dict[str, Suite]) -> None:
        self.suites = suites
        self.figures |= {f"suites.{name}.seconds": suite.seconds for name, suite in suites.items()}


def measure(checkout: Checkout) -> Measured:
    with ThreadPoolExecutor(1) as beside:  # what the product is asked takes as long as all the rest
        asked = beside.submit(surfaces.surfaces, checkout)
        measured = _read(checkout)
        ways_in = asked.result()
    measured.figures |= {
        "commands.count": ways_in.commands,
        "commands.options_and_arguments": ways_in.command_parameters,
        "operations.count": ways_in.operations,
        "operations.parameters": ways_in.operation_parameters,
    }
    return measured


def _read(checkout: Checkout) -> Measured:
    """What is seen without running anything."""
    product, everything = size.size(checkout.product), size.size(checkout.python)
    lengths = size.function_lengths(checkout.product)
    house = rooms.house(checkout, "concepts")
    methods = forwarding.workbench_methods(checkout.product)
    routes, routes_of_one_call = forwarding.route_functions(checkout.product)
    runs = twice.runs_twice(
        file for file in checkout.files if file.is_product and file.kind in ("Python", *size.PAGES)
    )
    patched = patches.patches(checkout)
    aside = {file.path for file in checkout.python if not file.is_product}
    patched_aside = sum(patch.path in aside for patch in patched)
    names = size.names_twice(checkout.product)
    longest = size.longest_modules(checkout.product)
    figures: Figures = {
        "product.files": product.files,
        "product.lines": product.lines,
        "product.tokens": product.tokens,
        "python.files": everything.files,
        "python.lines": everything.lines,
        "python.tokens": everything.tokens,
        "pages.web_lines": size.pages(checkout, "web/"),
        "pages.lines": size.pages(checkout),
        "modules.longest": longest[0][0] if longest else 0,
        "functions.count": len(lengths),
        "functions.median": size.median(lengths),
        "functions.ninth_decile": size.ninth_decile(lengths),
        "concepts.rooms": house.rooms,
        "concepts.floors": house.floors,
        "concepts.arrows": house.arrows,
        "assistants.tools": surfaces.assistants_tools(checkout),
        "twice.pairs": twice.pairs(runs),
        "twice.runs": len(runs),
        "workbench.methods": methods.all,
        "workbench.methods_of_one_statement": methods.of_one_statement,
        "workbench.methods_that_forward": methods.forwarding,
        "workbench.concept_lookups": forwarding.concept_lookups(checkout.product),
        "routes.functions": routes,
        "routes.of_one_call": routes_of_one_call,
        "names.of_two_classes": len(names),
        "patches.product": len(patched) - patched_aside,
        "patches.elsewhere": patched_aside,
    }
    return Measured(figures, size.by_folder(checkout), longest, names, patched, runs)


def read_limits(file: Path) -> Figures:
    """`[product] files = 3` is `product.files`."""
    return dict(_flat(tomllib.loads(file.read_text(encoding="utf-8"))))


def grown(figures: Mapping[str, float], limits: Mapping[str, float]) -> list[str]:
    """A sentence for each figure above its limit, and for each limit of nothing that is measured. What takes
    long, and wasn't measured this time, isn't compared."""
    problems = []
    for name, limit in limits.items():
        if name not in figures:
            if not name.startswith(SLOW):
                problems.append(f"{name} has a limit, and is no figure.")
        elif figures[name] > limit:
            problems.append(f"{name} is {written(figures[name])}, and at most {written(limit)} is allowed.")
    return problems


def written(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
