"""Proposals of models and words: what of an answer is one, and how it comes into a definition. What the
person wrote stays, first and unchanged."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import Field
from pydantic.config import JsonDict

from concepts.definition.document import (
    LONGEST,
    Criterion,
    Definition,
    Origin,
    Query,
    distinct_words,
    one_line,
    same_words,
)
from concepts.definition.exclusions import sentence_of

FROM_THE_SENTENCE = "from your description"

# Characters, for endpoints that obey a schema's limits token by token: request and longest answer fit in
# 4,096 tokens, and a small computer gets done. What comes in spite of them is read more generously.
PHRASE, SENTENCE = 50, 100
Phrase = Annotated[str, Field(json_schema_extra={"minLength": 3, "maxLength": PHRASE})]
Sentence = Annotated[str, Field(json_schema_extra={"minLength": 3, "maxLength": SENTENCE})]
Remark = Annotated[str, Field(json_schema_extra={"maxLength": SENTENCE})]  # may be empty

# A small model copies the request: names of its fields and tags are no proposals.
_OF_THE_REQUEST = re.compile(
    r"(?:the )?(?:necessary|reason to split|seen apart|included|excluding|undecided|supporting|nothing"
    r"|signals?|kinds?|query|queries|text|of|answers?|questions?|about|criterion|criteria|concepts?|hints?"
    r"|none|null|true|false|yes|no|not|must|search|similar but not|not decided|counts?)"
    r"|.*\b(?:queries that|search texts?|pictures? that (?:do(?:es)?n.t )?counts?)\b.*"
    r"|.*\b(?:kinds? of pictures?|seen apart)\b.*",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"[][{}<>\\_|]")  # a small model writes its JSON into its texts
FEWEST_COPIED = 2  # words; one word of the instructions may well be what somebody means


def as_the_person_wrote_it(definition: Definition) -> Definition:
    """Without earlier proposals."""
    return definition.model_copy(
        update={
            "criteria": tuple(c for c in definition.criteria if c.origin == "person"),
            "queries": tuple(q for q in definition.queries if q.origin == "person"),
        }
    )


def with_proposals(
    written: Definition,
    origin: Origin,
    criteria: Iterable[Criterion],
    counts: Iterable[str],
    lookalikes: Iterable[str],
) -> Definition:
    """With new criteria and queries behind those that are there; one whose words are there is left out.

    The sentence is searched for anyway, so no query repeats it, and no criterion does: it says more.
    """
    sentence = {same_words(written.description), same_words(sentence_of(written))}
    known = sentence | {same_words(criterion.text) for criterion in written.criteria}
    proposed: dict[str, Criterion] = {}
    for criterion in criteria:
        if same_words(criterion.text) not in known:
            proposed.setdefault(same_words(criterion.text), criterion)
    searched = sentence | {same_words(query.text) for query in written.queries}
    queries = []
    for texts, count in ((counts, True), (lookalikes, False)):
        new = [text for text in distinct(texts) if same_words(text) not in searched]
        queries += [Query(text=text, counts=count, origin=origin) for text in new]
        searched.update(map(same_words, new))
    merged = {"criteria": (*written.criteria, *proposed.values()), "queries": (*written.queries, *queries)}
    return Definition(**dict(written) | merged)


def answers_as_text(definition: Definition, nothing: str = "(none)") -> str:
    """What was asked and answered, for a prompt; `nothing` where nothing was."""
    said = [f"{one.question} – {one.answer or '(skipped)'}" for one in definition.asked]
    return "\n".join(said) or nothing


def distinct(texts: Iterable[str]) -> list[str]:
    """Without white space around, empty ones, over-long ones and repetitions."""
    return distinct_words(tidy for tidy in map(one_line, texts) if 0 < len(tidy) <= LONGEST)


def between(fewest: int, most: int) -> JsonDict:
    """Limits of a list, for endpoints that obey them."""
    return {"minItems": fewest, "maxItems": most}


def proposals_in(texts: Iterable[str], longest: int = PHRASE) -> list[str]:
    """Without words of the request, ends that were cut off, empty ones, over-long ones and repetitions."""
    return [text for text in distinct(_whole(t, longest) for t in texts) if not is_of_the_request(text)]


def _whole(text: str, longest: int) -> str:
    """Of a text that is exactly as long as a grammar lets it be, the sentences that ended."""
    if len(text) != longest or text[-1] in ".!?)’”":
        return text
    return text.rpartition(". ")[0]


def is_of_the_request(text: str) -> bool:
    """Whether it names a field or tag of the request, or is no plain words at all."""
    words = _plain(text)
    return (
        _MARKUP.search(text) is not None
        or not re.search(r"[^\W\d_]", words)
        or _OF_THE_REQUEST.fullmatch(words) is not None
    )


def is_copied(text: str, instructions: str, own: str) -> bool:
    """Whether it stands in the instructions word by word, and not in the person's own words."""
    words = re.sub(r"^(?:an?|the) ", "", _plain(text))
    if len(words.split()) < FEWEST_COPIED or f" {words} " in f" {_plain(own)} ":
        return False
    return f" {words} " in f" {_plain(instructions)} "


def _plain(text: str) -> str:
    """Words in lower case with a space between."""
    return re.sub(r"[\W_]+", " ", text).strip().casefold()
