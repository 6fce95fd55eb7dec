"""Ways to rank pictures: every head, and those that only rank the person's own library.

Adding one that is no head is a file with the class and a line here.
"""

from concepts.learning.base import Scorer
from concepts.learning.heads import HEADS
from concepts.learning.scorers.blend import Blend
from concepts.learning.scorers.cache import Cache
from concepts.learning.scorers.kernel_ridge import KernelRidge
from concepts.learning.scorers.mlp import MLP
from concepts.learning.scorers.propagation import Propagation
from concepts.learning.scorers.propagation_words import PropagationWords
from concepts.learning.scorers.words import Words
from concepts.registry import Registry

__all__ = ["SCORERS"]

SCORERS: Registry[Scorer] = Registry("scorer")
SCORERS.register(Words)
SCORERS.register(Propagation)
SCORERS.register(PropagationWords)
SCORERS.register(Blend)
SCORERS.register(Cache)
SCORERS.register(KernelRidge)
SCORERS.register(MLP)
for _name in HEADS:
    SCORERS.register(HEADS[_name])
