"""What a sentence wants, what it excludes, and what can't be told: a small reader of English clauses.

"A messy room; not a dark, old or empty one" wants "A messy room" and excludes the rest. It is read word by
word: a negation opens what is excluded, and that goes on over the items of a list until a new clause clearly
begins. Where it isn't clear, the sentence is left as it was written, so that nobody's words are turned round.
"""

from __future__ import annotations

from concepts.definition.negations.clauses import Doubt
from concepts.definition.negations.lists import items_of, speaks_of, words_in
from concepts.definition.negations.reading import Reading, has_negation, read_negations

__all__ = ["Doubt", "Reading", "has_negation", "items_of", "read_negations", "speaks_of", "words_in"]
