"""Ways to rank the person's own library that are no heads. Adding one is a file and a line here.

Zero-shot scorers rank by the words
without any answer, and are registered apart as well, because others may start from what they find.
"""

from concepts.learning.base import Scorer
from concepts.learning.scorers.blend import Blend
from concepts.learning.scorers.cache import Cache
from concepts.learning.scorers.contrast import Contrast
from concepts.learning.scorers.descriptions import Descriptions
from concepts.learning.scorers.kernel_ridge import KernelRidge
from concepts.learning.scorers.mlp import MLP
from concepts.learning.scorers.name_ensemble import NameEnsemble
from concepts.learning.scorers.name_only import NameOnly
from concepts.learning.scorers.propagation import Propagation
from concepts.learning.scorers.propagation_words import PropagationWords
from concepts.learning.scorers.words import Words
from concepts.learning.scorers.zero_shot import ZeroShot
from concepts.learning.scorers.zpe import ZPE
from concepts.registry import Registry

__all__ = ["SCORERS", "ZERO_SHOT"]

ZERO_SHOT: Registry[ZeroShot] = Registry("zero-shot scorer")
ZERO_SHOT.register(NameOnly)
ZERO_SHOT.register(NameEnsemble)
ZERO_SHOT.register(ZPE)
ZERO_SHOT.register(Descriptions)
ZERO_SHOT.register(Contrast)

SCORERS: Registry[Scorer] = Registry("scorer", "discern.scorers")
SCORERS.register(Words)
SCORERS.register(Propagation)
SCORERS.register(PropagationWords)
SCORERS.register(Blend)
SCORERS.register(Cache)
SCORERS.register(KernelRidge)
SCORERS.register(MLP)
for _name in ZERO_SHOT:
    SCORERS.register(ZERO_SHOT[_name])
