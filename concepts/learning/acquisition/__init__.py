"""Ways to choose what to ask the person next. Adding one is a file with the class and a line here."""

from concepts.learning.acquisition.auto import Auto
from concepts.learning.acquisition.base import Acquisition, Choice, Labelled, Pool, Round
from concepts.learning.acquisition.diverse_margin import DiverseMargin
from concepts.learning.acquisition.margin import Margin
from concepts.registry import Registry

__all__ = ["ACQUISITIONS", "Acquisition", "Choice", "Labelled", "Pool", "Round"]

ACQUISITIONS: Registry[Acquisition] = Registry("way to choose questions", "discern.acquisitions")
ACQUISITIONS.register(Auto)
ACQUISITIONS.register(Margin)
ACQUISITIONS.register(DiverseMargin)
