"""From a sentence to a proposed definition: with a chat model, or from the built-in vocabulary."""

from __future__ import annotations

from collections.abc import Sequence

from concepts.definition.document import Criterion, CriterionKind, Definition
from concepts.definition.exclusions import has_negation, items_of, split_sentence, words_of
from concepts.definition.proposing import FROM_THE_SENTENCE, as_the_person_wrote_it, with_proposals
from concepts.definition.tree import FEWEST_LOOKALIKES, FEWEST_QUERIES, Apart, excluded_by, propose_tree
from concepts.definition.vocabulary import Noun, Vocabulary
from concepts.encoders.sentences import looks_english
from concepts.language.base import ChatModel
from concepts.language.prompts import DEFAULTS, PromptFiles

NEAREST = 60  # nouns looked at
NEAREST_TO_UNWANTED = 5  # "but not the bride's dress" shall not bring the bridal gown
MOST_NOUNS, MOST_LOOKALIKES = 8, 4
# Cosines, chosen by reading the proposals for 20 concepts. Below NEAR_ENOUGH they are chance: "pictures
# that make people feel good" is at 0.40 from "comfort food" and 0.38 from "picture frame".
NEAR_ENOUGH = 0.42
NEAR_THE_BEST = 0.62  # of the nearest noun's score
FURTHER = 0.90  # a look-alike is at most this near, of the nearest noun's score

KINDS_SEARCHED_FOR: tuple[tuple[CriterionKind, bool], ...] = (("included", True), ("excluding", False))

# Sentence encoders find a "clean room" near a "messy room".
OPPOSITES = {
    "messy untidy dirty cluttered unclean": "clean tidy neat",
    "dangerous unsafe risky": "safe domestic tame harmless",
    "old vintage antique ancient historic": "new modern",
    "unhealthy": "healthy",
    "healthy": "fast junk",
    "empty deserted": "crowded full",
    "indoor": "outdoor",
    "cheap": "luxury expensive",
}

QUALITIES = frozenset(words_of(" ".join([*OPPOSITES, *OPPOSITES.values()])))

# They say nothing about what a noun and a topic share.
GENERAL = frozenset(words_of("people person thing picture photo image"))


def expand(
    definition: Definition,
    model: ChatModel | None,
    vocabulary: Vocabulary,
    hints: Sequence[str] = (),
    apart: Apart | None = None,
    prompts: PromptFiles = DEFAULTS,
    english: bool = False,
) -> Definition:
    """The definition with proposed criteria and queries in place of earlier proposals.

    Everything the person wrote stays, first and unchanged. `hints` are more words about the concept, such
    as what a classifier saw in the example pictures; `apart` tells whether the library's pictures tell two
    texts apart; `english`: searches had better be in English. Where a model gives too little to search for,
    the vocabulary adds to it, if it can read the sentence. Raises what `ChatModel.ask` raises.
    """
    if model is None:
        return _from_vocabulary(definition, vocabulary, hints)
    readable = looks_english(definition.description)
    proposed = propose_tree(definition, model, hints, apart, prompts, in_english=english and not readable)
    counts, similar = (  # what finds pictures that count, and similar ones that don't; kinds among them
        {criterion.text.casefold() for criterion in proposed.of_kind(kind)}
        | {query.text.casefold() for query in proposed.queries if query.counts is counting}
        for kind, counting in KINDS_SEARCHED_FOR
    )
    lack = [max(FEWEST_QUERIES - len(counts), 0), max(FEWEST_LOOKALIKES - len(similar), 0)]
    if not any(lack) or not readable:
        return proposed
    built_in = _from_vocabulary(definition, vocabulary, hints).queries
    new = [query for query in built_in if query.text.casefold() not in counts | similar]
    more, alike = ([q.text for q in new if q.counts is counting] for _, counting in KINDS_SEARCHED_FOR)
    return with_proposals(proposed, "vocabulary", [], more[: lack[0]], alike[: lack[1]])


def _from_vocabulary(definition: Definition, vocabulary: Vocabulary, hints: Sequence[str]) -> Definition:
    """What the sentence excludes as criteria, and the nearest nouns as queries.

    Glosses as supporting criteria were tried and left out: they describe the noun, not the concept. So were
    further nouns as kinds to decide on: for "a lonely place" the next are inhabitant, lodging house and den.
    """
    written = as_the_person_wrote_it(definition)
    sentence, excluded = split_sentence(definition.description)
    not_to_bring = excluded_by(written)
    searched = "" if has_negation(sentence) else sentence  # a search for "no lemons" finds lemons
    topic = f"{definition.name}: {searched}"
    nouns = vocabulary.nearest(" ".join([topic, *hints]), NEAREST)
    nearer: dict[str, float] = {}
    for text in not_to_bring:
        for rank, noun in enumerate(vocabulary.nearest(text, NEAREST)):
            score = 1.0 if rank < NEAREST_TO_UNWANTED else noun.score
            nearer[noun.name] = max(nearer.get(noun.name, 0.0), score)
    nouns = [noun for noun in nouns if noun.score > nearer.get(noun.name, 0.0)]
    near, lookalikes = choose_nouns(nouns, topic, not_to_bring)
    lookalikes = [noun for noun in lookalikes if noun not in written.searched_kinds()]
    return with_proposals(
        written,
        "vocabulary",
        [Criterion(kind="excluding", text=t, origin="vocabulary", note=FROM_THE_SENTENCE) for t in excluded],
        [definition.name, *near],
        [*(item for text in not_to_bring for item in items_of(text)), *lookalikes],
    )


def choose_nouns(nouns: Sequence[Noun], topic: str, unwanted: Sequence[str]) -> tuple[list[str], list[str]]:
    """Nouns to search what counts with, and nouns that share words with the topic but are something else.

    A compound is what its last word says: for "fruit juice" a grape juice counts, a fruit tree doesn't. But
    one that shares nothing except a quality has that quality: a luxury liner may well look expensive.
    """
    if not nouns:
        return [], []
    best = nouns[0].score
    words = _words(topic)
    banned = _words(" ".join(unwanted)) - words
    opposite = set[str]()  # what it is not; a topic may name both sides, as "cheap, but looks expensive" does
    for one, other in ((_words(one), _words(other)) for one, other in OPPOSITES.items()):
        if bool(words & one) != bool(words & other):
            opposite |= other if words & one else one
    shared = words - QUALITIES
    near, lookalikes = [], []
    for noun in nouns:
        *modifiers, head = _in_order(noun.name) or [""]
        if opposite & {*modifiers, head}:
            lookalikes.append(noun.name)
        elif head not in words and words & set(modifiers):
            if noun.score < FURTHER * best and shared & set(modifiers):
                lookalikes.append(noun.name)
        elif noun.score >= max(NEAR_ENOUGH, NEAR_THE_BEST * best) and not banned & {*modifiers, head}:
            near.append(noun.name)
    return near[:MOST_NOUNS], lookalikes[:MOST_LOOKALIKES] if near else []


def _words(text: str) -> set[str]:
    return set(_in_order(text))


def _in_order(text: str) -> list[str]:
    return [word for word in words_of(text) if word not in GENERAL]
