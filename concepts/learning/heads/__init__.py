"""Ways to fit a linear head. Adding one is a file with the class and a line here."""

from concepts.learning.heads.auto import AutoHead
from concepts.learning.heads.base import Head
from concepts.learning.heads.lda import LDAHead
from concepts.learning.heads.logistic import LogisticHead
from concepts.learning.heads.text import TextHead
from concepts.registry import Registry

__all__ = ["HEADS", "Head"]

HEADS: Registry[Head] = Registry("head", "discern.heads")
HEADS.register(AutoHead)
HEADS.register(TextHead)
HEADS.register(LDAHead)
HEADS.register(LogisticHead)
