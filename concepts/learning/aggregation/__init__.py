"""Ways to make one label of what several annotators say. Adding one is a file and a line here."""

from concepts.learning.aggregation.base import Aggregated, Aggregation, Opinions
from concepts.learning.aggregation.bounded import Bounded
from concepts.learning.aggregation.most_agreeing import MostAgreeing
from concepts.registry import Registry

__all__ = ["AGGREGATIONS", "Aggregated", "Aggregation", "Opinions"]

AGGREGATIONS: Registry[Aggregation] = Registry("way to aggregate annotators")
AGGREGATIONS.register(MostAgreeing)
AGGREGATIONS.register(Bounded)
