"""`python -m tools.links`: fails where a page that is written by hand links to a file that isn't there."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
WRITTEN: Final = ("*.md", "docs/**/*.md", "examples/**/*.md", "space/*.md")
LINK: Final = re.compile(r"\[[^]]*\]\(([^)\s#]+)[^)]*\)")


def broken(root: Path) -> Iterator[str]:
    for page in sorted({page for pattern in WRITTEN for page in root.glob(pattern)}):
        for target in LINK.findall(page.read_text(encoding="utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                yield f"{page.relative_to(root)}: a link to {target}, which isn't there"


def main() -> int:
    found = list(broken(ROOT))
    print("\n".join(found), file=sys.stderr, end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
