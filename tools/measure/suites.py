"""How long the suites take."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

SUITES = ("quick", "test")  # what make calls them


class Suite(NamedTuple):
    """`seconds` on the clock, with what make does before; `working`: those of its tests together, which run
    beside each other. `longest`: the test files that take longest, with their seconds."""

    seconds: float
    working: float
    tests: int
    skipped: int
    longest: list[tuple[float, str]]


def suites(root: Path) -> dict[str, Suite]:
    """Every one that the Makefile has."""
    return {name: run_suite(root, ["make", name]) for name in SUITES if name in _targets(root)}


def run_suite(root: Path, command: Sequence[str]) -> Suite:
    """Runs it, with what it prints; raises `RuntimeError` where it fails or ends without a report."""
    with tempfile.TemporaryDirectory() as temporary:
        report = Path(temporary) / "report.xml"
        asked = f"{os.environ.get('PYTEST_ADDOPTS', '')} --junitxml={report}"
        begun = time.monotonic()
        code = subprocess.run(command, cwd=root, env=os.environ | {"PYTEST_ADDOPTS": asked}).returncode
        seconds = time.monotonic() - begun
        if not report.exists():
            raise RuntimeError(f"`{' '.join(command)}` ended with {code}, and pytest left no report.")
        if code:
            raise RuntimeError(f"`{' '.join(command)}` failed with {code}: its seconds say nothing.")
        return read_report(report, seconds)


def read_report(report: Path, seconds: float, most: int = 10) -> Suite:
    cases = list(ET.parse(report).iter("testcase"))
    by_file: dict[str, float] = {}
    for case in cases:
        name = case.get("classname", "")
        by_file[name] = by_file.get(name, 0) + float(case.get("time", 0))
    longest = sorted(((round(taken, 1), name) for name, taken in by_file.items()), reverse=True)[:most]
    return Suite(
        seconds=round(seconds, 1),
        working=round(sum(by_file.values()), 1),
        tests=len(cases),
        skipped=sum(case.find("skipped") is not None for case in cases),
        longest=longest,
    )


def _targets(root: Path) -> Iterator[str]:
    for line in (root / "Makefile").read_text(encoding="utf-8").splitlines():
        if line[:1].isalpha() and ":" in line:
            yield from line.partition(":")[0].split()
