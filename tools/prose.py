"""`python -m tools.prose`: reads the pages that are written by hand.

It fails on what proselint finds, on words for which the project has another one, on long sentences, on links
that lead nowhere, and where all pages together, or the README, have too many words.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from proselint.checks import __register__
from proselint.config import DEFAULT
from proselint.registry import CheckRegistry
from proselint.tools import LintFile

ROOT: Final = Path(__file__).parents[1]
WRITTEN: Final = ("*.md", "docs/*.md", "docs/how-to/*.md", "docs/study/README.md")
MADE: Final = {"methods.md", "cli.md", "rest-calls.md"}  # in docs/, from data and code
MOST: Final = 700  # words of the README
MOST_IN_ALL: Final = 20_000
LONGEST: Final = 30  # words of a sentence
INSTEAD: Final = {
    "wall": "contact sheet",
    "walls": "contact sheets",
    "bin": "trash",
    "opinion": "suggestion",
    "look again": "review",
    "told apart": "distinguished",
    "answered pictures": "labelled pictures",
    "look-alikes": "near-duplicates, or counter-examples",
}
WRONG: Final = re.compile(rf"\b({'|'.join(INSTEAD)})\b", re.IGNORECASE)
CODE: Final = re.compile(r"^( *)```.*?^\1```$", re.MULTILINE | re.DOTALL)
LINK: Final = re.compile(r"!?\[([^]]*)\]\(([^)\s]+)\)")
MARKS: Final = re.compile(r"^\s*(?:[-#>]+|\d+\.)\s|[*|]", re.MULTILINE)
SENTENCES: Final = re.compile(r"(?<=[.!?:;])\s+")


def pages() -> list[Path]:
    found = (page for pattern in WRITTEN for page in sorted(ROOT.glob(pattern)))
    return [page for page in found if page.name not in MADE]


def paragraphs(text: str) -> Iterator[tuple[int, str]]:
    """The number of each line with prose, and the line without code, tables and marks."""
    without = CODE.sub(lambda block: "\n" * block.group().count("\n"), text)
    for number, line in enumerate(without.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith(("|", "!")):
            yield number, MARKS.sub("", re.sub(r"`[^`]+`", "this", LINK.sub(r"\1", line)))


def problems(page: Path) -> Iterator[str]:
    text = page.read_text(encoding="utf-8")
    for target in (link.partition("#")[0] for _, link in LINK.findall(text)):
        if target and "://" not in target and not (page.parent / target).exists():
            yield f"a link to {target}, which isn't there"
    for number, line in paragraphs(text):
        for found in LintFile(page.name, line).lint(DEFAULT):
            yield f"{number}: {found.check_result.message}"
        yield from (f"{number}: for “{word}” write “{INSTEAD[word.lower()]}”" for word in WRONG.findall(line))
        for sentence in SENTENCES.split(line):
            if (count := len(sentence.split())) > LONGEST:
                yield f"{number}: a sentence of {count} words: “{sentence[:50]}…”"
    if page == ROOT / "README.md" and words(page) > MOST:
        yield f"{words(page)} words, and at most {MOST} are allowed"


def words(page: Path) -> int:
    return len(page.read_text(encoding="utf-8").split())


def main() -> int:
    CheckRegistry().register_many(__register__)
    found = [f"{page.relative_to(ROOT)}:{problem}" for page in pages() for problem in problems(page)]
    total = sum(map(words, pages()))
    print(f"{len(pages())} pages are written by hand, with {total:,} words of {MOST_IN_ALL:,}.")
    print("\n".join(found), file=sys.stderr)
    return 1 if found or total > MOST_IN_ALL else 0


if __name__ == "__main__":
    sys.exit(main())
