"""Ways to rank the person's own library that are no heads. Adding one is a file and a line here."""

from concepts.learning.base import Scorer
from concepts.learning.scorers.blend import Blend
from concepts.learning.scorers.words import WordsScorer
from concepts.registry import Registry

__all__ = ["SCORERS"]

SCORERS: Registry[Scorer] = Registry("scorer", "discern.scorers")
SCORERS.register(WordsScorer)
SCORERS.register(Blend)
