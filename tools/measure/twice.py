"""Six or more lines that stand twice in the product, alike or alike but for names, strings and numbers."""

from __future__ import annotations

import ast
import keyword
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import NamedTuple

from tools.measure.source import File

SHORTEST = 6  # lines
THINNEST = 30  # tokens; a run with fewer is a list of fields or of arguments
COMMON = 8  # what stands in more places is how the language or a library is written, and no copy

COMMENT = re.compile(r"/\*.*?\*/|<!--.*?-->|\{#.*?#\}|^[ \t]*//[^\n]*", re.DOTALL | re.MULTILINE)
MARKUP = re.compile(
    r"""(?P<string>"[^"\n]*"|'[^'\n]*'|`[^`\n]*`)|(?P<tag></?[a-zA-Z][\w-]*)|(?P<number>\d[\w.]*)"""
    r"""|(?P<name>[\w$-]*\w)|(?P<mark>[^\s\w])"""
)
# Of JavaScript and Jinja.
SCRIPT_WORDS = frozenset(
    re.findall(
        r"\w+",
        """async await break case catch class const continue default delete do else export finally for
        function if import in instanceof let new of return static switch this throw try typeof var while yield
        block call elif endblock endcall endfor endif endmacro extends include macro set""",
    )
)


class Line(NamedTuple):
    """`shape`: its tokens, with one sign for every name, string and number."""

    number: int
    text: str
    shape: str
    tokens: int


class Run(NamedTuple):
    """Lines `first` to `last` of one file, which stand again at the others of another."""

    path: str
    first: int
    last: int
    other: str
    other_first: int
    other_last: int


def runs_twice(files: Iterable[File]) -> list[Run]:
    """As long as they are, the longest first. Neither of the two lies over the other."""
    lines = {file.path: list(lines_of(file)) for file in files}
    runs = {
        run
        for written in (
            {path: [line.text for line in own] for path, own in lines.items()},
            {path: [line.shape for line in own] for path, own in lines.items()},
        )
        for run in _runs(lines, written)
    }
    return list(_maximal(runs))


def _runs(lines: dict[str, list[Line]], written: dict[str, list[str]]) -> Iterator[Run]:
    windows: defaultdict[tuple[str, ...], list[tuple[str, int]]] = defaultdict(list)
    for path, own in written.items():
        for start in range(len(own) - SHORTEST + 1):
            windows[tuple(own[start : start + SHORTEST])].append((path, start))
    starts: defaultdict[tuple[str, str, int], list[int]] = defaultdict(list)
    for places in windows.values():
        if len(places) <= COMMON:
            for (path, start), (other, again) in combinations(places, 2):
                if path != other or again - start >= SHORTEST:
                    starts[path, other, again - start].append(start)
    for (path, other, apart), found in starts.items():
        for first, last in _joined(sorted(found)):
            a, b = lines[path][first : last + 1], lines[other][first + apart : last + apart + 1]
            if sum(line.tokens for line in a) >= THINNEST:
                yield Run(path, a[0].number, a[-1].number, other, b[0].number, b[-1].number)


def pairs(runs: Iterable[Run]) -> int:
    """Pairs of files, or a file with itself, that share a run."""
    return len({(run.path, run.other) for run in runs})


def lines_of(file: File) -> Iterator[Line]:
    """Those that count: not imports, docstrings, comments and lone punctuation."""
    for number, tokens in sorted((_python(file) if file.kind == "Python" else _markup(file)).items()):
        if any(shape.isalnum() or shape[0] == "<" for _, shape in tokens):
            text, shape = (" ".join(written) for written in zip(*tokens, strict=True))
            yield Line(number, text, shape, len(tokens))


def _python(file: File) -> dict[int, list[tuple[str, str]]]:
    imports = {
        line
        for node in file.nodes
        if isinstance(node, ast.Import | ast.ImportFrom)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    found: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    for token in file.python_tokens():
        text, kind = token[0], token.lastgroup
        line = file.line_of(token.start())
        if line in imports:
            continue
        if kind == "name":
            found[line].append((text, text if keyword.iskeyword(text) else "N"))
        else:
            found[line].append((text, {"string": "S", "number": "0"}.get(kind or "", text)))
    return found


def _markup(file: File) -> dict[int, list[tuple[str, str]]]:
    text = COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), file.text or "")
    found: dict[int, list[tuple[str, str]]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith(("import ", "@import ", "{% import", "{% from")):
            continue
        tokens = []
        for token in MARKUP.finditer(line):
            written, kind = token[0], token.lastgroup
            shape = {"string": "S", "number": "0", "name": "N"}.get(kind or "", written)
            tokens.append((written, written if written in SCRIPT_WORDS else shape))
        if tokens:
            found[number] = tokens
    return found


def _joined(starts: list[int]) -> Iterator[tuple[int, int]]:
    """First and last index of the lines that windows cover which follow each other."""
    first = before = starts[0]
    for start in [*starts[1:], None]:
        if start is None or start > before + 1:
            yield first, before + SHORTEST - 1
            if start is None:
                return
            first = start
        before = start


def _maximal(runs: Iterable[Run]) -> Iterator[Run]:
    """Without those that lie within a longer one of the same two files."""
    of_two: defaultdict[tuple[str, str], list[Run]] = defaultdict(list)
    for run in sorted(runs, key=lambda run: (run.first - run.last, run)):
        longer = of_two[run.path, run.other]
        if not any(_covers(one, run) for one in longer):
            longer.append(run)
            yield run


def _covers(one: Run, run: Run) -> bool:
    return (
        one.first <= run.first
        and run.last <= one.last
        and one.other_first <= run.other_first
        and run.other_last <= one.other_last
    )
