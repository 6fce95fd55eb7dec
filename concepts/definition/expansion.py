"""From a sentence to a proposed definition: with a chat model, or from the built-in vocabulary."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import BaseModel, Field, field_validator
from pydantic.config import JsonDict

from concepts.definition.document import (
    Criterion,
    CriterionKind,
    Definition,
    Origin,
    Query,
)
from concepts.definition.vocabulary import Noun, Vocabulary
from concepts.language.base import ChatModel, Message
from concepts.language.prompts import load_prompt

MOST_NECESSARY = 3
FEWEST_QUERIES, FEWEST_LOOKALIKES = 6, 4
LONGEST = 300  # characters of a criterion or query

NEAREST = 60  # nouns looked at
NEAREST_TO_UNWANTED = 5  # "but not the bride's dress" shall not bring the bridal gown
MOST_NOUNS, MOST_LOOKALIKES = 8, 4
# Cosines, chosen by reading the proposals for 20 concepts. Below NEAR_ENOUGH they are chance: "pictures
# that make people feel good" is at 0.40 from "comfort food" and 0.38 from "picture frame".
NEAR_ENOUGH = 0.42
NEAR_THE_BEST = 0.62  # of the nearest noun's score
FURTHER = 0.90  # a look-alike is at most this near, of the nearest noun's score

# Sentence encoders find a "clean room" near a "messy room".
OPPOSITES = (
    ("messy untidy dirty cluttered unclean", "clean tidy neat"),
    ("dangerous unsafe risky", "safe domestic tame harmless"),
    ("old vintage antique ancient historic", "new modern"),
    ("unhealthy", "healthy"),
    ("healthy", "fast junk"),
    ("empty deserted", "crowded full"),
    ("indoor", "outdoor"),
    ("cheap", "luxury expensive"),
)


# Words that say nothing about what a noun and a topic share.
SMALL_WORDS = frozenset(
    {"and", "are", "but", "for", "from", "has", "have", "her", "his", "its", "not", "one", "that", "the"}
    | {"their", "them", "they", "was", "with", "people", "person", "thing", "picture", "photo", "image"}
)


# A small model copies the request: names of its fields and tags are no criteria.
_OF_THE_REQUEST = re.compile(
    r"(?:necessary|supporting|excluding|not)\W*|.*(?:queries[_ ]that[_ ]|</?(?:concept|hint)).*",
    re.IGNORECASE,
)
# For endpoints that obey a schema's limits; what comes in spite of them is read more generously.
_Sentence = Annotated[str, Field(json_schema_extra={"minLength": 8, "maxLength": 120})]
_Words = Annotated[str, Field(json_schema_extra={"minLength": 5, "maxLength": 50})]


def _between(fewest: int, most: int) -> JsonDict:
    return {"minItems": fewest, "maxItems": most}


class Expansion(BaseModel):
    """What a chat model is asked for."""

    necessary: list[_Sentence] = Field(json_schema_extra=_between(1, MOST_NECESSARY))
    supporting: list[_Sentence] = Field(json_schema_extra=_between(2, 5))
    excluding: list[_Sentence] = Field(json_schema_extra=_between(2, 5))
    queries_that_count: list[_Words] = Field(json_schema_extra=_between(FEWEST_QUERIES, 12))
    queries_that_look_similar: list[_Words] = Field(json_schema_extra=_between(FEWEST_LOOKALIKES, 8))

    @field_validator("*")
    @classmethod
    def _tidy(cls, texts: list[str]) -> list[str]:
        return _distinct(text for text in texts if not _OF_THE_REQUEST.fullmatch(text.strip()))

    @field_validator("necessary")
    @classmethod
    def _something_is_necessary(cls, texts: list[str]) -> list[str]:
        if not texts:
            raise ValueError("give at least one necessary criterion")
        return texts

    @field_validator("queries_that_count")
    @classmethod
    def _enough_queries(cls, texts: list[str]) -> list[str]:
        if len(texts) < FEWEST_QUERIES:
            raise ValueError(f"give at least {FEWEST_QUERIES} different queries")
        return texts

    @field_validator("queries_that_look_similar")
    @classmethod
    def _enough_lookalikes(cls, texts: list[str]) -> list[str]:
        if len(texts) < FEWEST_LOOKALIKES:
            raise ValueError(f"give at least {FEWEST_LOOKALIKES} different queries")
        return texts


def expand(
    definition: Definition, model: ChatModel | None, vocabulary: Vocabulary, hints: Sequence[str] = ()
) -> Definition:
    """The definition with proposed criteria and queries in place of earlier proposals.

    Everything the person wrote stays, first and unchanged. `hints` are more words about the concept, such
    as what a classifier saw in the example pictures. Raises what `ChatModel.ask` raises.
    """
    if model is None:
        return _from_vocabulary(definition, vocabulary, hints)
    return _from_model(definition, model, hints)


def _from_model(definition: Definition, model: ChatModel, hints: Sequence[str]) -> Definition:
    written = _as_the_person_wrote_it(definition)
    request = load_prompt("expand.user").render(
        definition=written.as_text(), hints="\n".join(hints) or "(none)"
    )
    messages = [Message("system", load_prompt("expand.system").render()), Message("user", request)]
    said = model.ask(messages, Expansion, purpose="expand")
    room = max(MOST_NECESSARY - len(written.of_kind("necessary")), 0)
    criteria: dict[CriterionKind, list[str]] = {
        "necessary": said.necessary[:room],
        "supporting": said.supporting,
        "excluding": said.excluding,
    }
    return _with_proposals(
        written, "model", criteria, said.queries_that_count, said.queries_that_look_similar
    )


def _from_vocabulary(definition: Definition, vocabulary: Vocabulary, hints: Sequence[str]) -> Definition:
    """The person's own words as the criterion, and the nearest nouns as queries.

    Glosses as supporting criteria were tried and left out: they describe the noun, not the concept.
    """
    written = _as_the_person_wrote_it(definition)
    wanted, unwanted = split_exceptions(definition.description)
    wanted = wanted or definition.name
    topic = f"{definition.name}: {wanted}"
    nouns = vocabulary.nearest(" ".join([topic, *hints]), NEAREST)
    banned = {noun.name for text in unwanted for noun in vocabulary.nearest(text, NEAREST_TO_UNWANTED)}
    near, lookalikes = choose_nouns([noun for noun in nouns if noun.name not in banned], topic, unwanted)
    criteria: dict[CriterionKind, list[str]] = {
        "necessary": [] if written.of_kind("necessary") else [wanted],
        "excluding": unwanted,
    }
    return _with_proposals(
        written,
        "vocabulary",
        criteria,
        [definition.name, wanted, *near],
        [*(part for text in unwanted for part in re.split(r"\s+(?:or|nor)\s+", text)), *lookalikes],
    )


def choose_nouns(nouns: Sequence[Noun], topic: str, unwanted: Sequence[str]) -> tuple[list[str], list[str]]:
    """Nouns to search what counts with, and nouns that share words with the topic but are something else.

    A compound is what its last word says: for "fruit juice" a grape juice counts, a fruit tree doesn't.
    """
    if not nouns:
        return [], []
    best = nouns[0].score
    words, banned = _words(topic), _words(" ".join(unwanted))
    opposite = set().union(*_opposites(words))
    near, lookalikes = [], []
    for noun in nouns:
        *modifiers, head = _in_order(noun.name) or [""]
        if opposite & {*modifiers, head}:
            lookalikes.append(noun.name)
        elif head not in words and words & set(modifiers):
            if noun.score < FURTHER * best:
                lookalikes.append(noun.name)
        elif noun.score >= max(NEAR_ENOUGH, NEAR_THE_BEST * best) and not banned & {*modifiers, head}:
            near.append(noun.name)
    return near[:MOST_NOUNS], lookalikes[:MOST_LOOKALIKES] if near else []


def _opposites(words: set[str]) -> Iterable[set[str]]:
    for one, other in OPPOSITES:
        if words & _words(one):
            yield _words(other)
        if words & _words(other):
            yield _words(one)


_EXCEPTION = re.compile(
    r"(?:(?:^|[,;:.(–—-])\s*(?:but\s+|and\s+)?(?:not|no|never)|\bbut\s+(?:not|no|never)"
    r"|(?:^|[\s,;:.(–—-])(?:without|except(?:ing)?(?:\s+for)?|excluding|other\s+than|rather\s+than))"
    r"\s+(?!(?:only|just|always|necessarily|merely)\b)(?P<what>[^,;:.()–—]+)\)?",
    re.IGNORECASE,
)


def split_exceptions(description: str) -> tuple[str, list[str]]:
    """What the person wants, and what they say they don't: "X, but not Y" → ("X", ["Y"]).

    Understands not / no / never at the start of a clause or after "but", and without, except, excluding,
    other than, rather than. Anything else is left as it stands.
    """
    unwanted = [match["what"].strip()[:LONGEST] for match in _EXCEPTION.finditer(description)]
    wanted = re.sub(r"\s+", " ", _EXCEPTION.sub("", description)).strip(" ,;:.-–—()")
    return wanted[:LONGEST].strip(), _distinct(unwanted)


def _as_the_person_wrote_it(definition: Definition) -> Definition:
    return definition.model_copy(
        update={
            "criteria": tuple(c for c in definition.criteria if c.origin == "person"),
            "queries": tuple(q for q in definition.queries if q.origin == "person"),
        }
    )


def _with_proposals(
    written: Definition,
    origin: Origin,
    criteria: dict[CriterionKind, list[str]],
    counts: Iterable[str],
    lookalikes: Iterable[str],
) -> Definition:
    known = {criterion.text.casefold() for criterion in written.criteria}
    proposed = [
        Criterion(kind=kind, text=text, origin=origin)
        for kind, texts in criteria.items()
        for text in texts
        if text.casefold() not in known
    ]
    searched = {query.text.casefold() for query in written.queries}
    queries = []
    for texts, count in ((counts, True), (lookalikes, False)):
        new = [text for text in _distinct(texts) if text.casefold() not in searched]
        queries += [Query(text=text, counts=count, origin=origin) for text in new]
        searched.update(text.casefold() for text in new)
    return Definition(
        **written.model_dump(exclude={"criteria", "queries"}),
        criteria=(*written.criteria, *proposed),
        queries=(*written.queries, *queries),
    )


def _distinct(texts: Iterable[str]) -> list[str]:
    """Without white space around, empty ones, over-long ones and repetitions."""
    kept: dict[str, str] = {}
    for text in texts:
        tidy = " ".join(text.split())
        if 0 < len(tidy) <= LONGEST:
            kept.setdefault(tidy.casefold(), tidy)
    return list(kept.values())


def _words(text: str) -> set[str]:
    return set(_in_order(text))


def _in_order(text: str) -> list[str]:
    """Words of three letters or more without a plural s."""
    words = (word.rstrip("s") for word in re.findall(r"[a-z]{3,}", text.lower()))
    return [word for word in words if word not in SMALL_WORDS]
