"""Whether an answer is in a script that the question is not in: the sure sign of another language.

Languages that share a script are not told apart: names and loan words would make that a guess.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

ENOUGH = 12  # letters before a script says something; what a label in a picture says may be quoted
_TOGETHER = {"HIRAGANA": "CJK", "KATAKANA": "CJK"}  # Japanese mixes them


def strange_script(answer: Any, question: str) -> str | None:
    """The script that most letters of the answer's texts are in and none of the question's, as Unicode names
    it ("CYRILLIC"); None where there is no such."""
    said: Counter[str] = Counter()
    for text in _texts(answer):
        said.update(_scripts(text))
    if said.total() < ENOUGH:
        return None
    script, letters = said.most_common(1)[0]
    strange = letters > said.total() / 2 and script not in _scripts(question)
    return script if strange else None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def _scripts(text: str) -> Counter[str]:
    """How many letters of each script."""
    return Counter(_script(letter) for letter in text if letter.isalpha())


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    name = unicodedata.name(letter, "UNKNOWN").split()[0]
    return _TOGETHER.get(name, name)
