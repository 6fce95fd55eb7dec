"""Annotators: pictures + definition → rating, evidence per criterion, one-sentence rationale.

Adding one is a file with the class and a line here.
"""

from concepts.annotators.base import Annotator
from concepts.annotators.builtin import BuiltinAnnotator
from concepts.annotators.decomposed import DecomposedAnnotator
from concepts.annotators.vlm import VlmAnnotator
from concepts.registry import Registry

__all__ = ["ANNOTATORS", "AUTO", "Annotator"]

AUTO = "auto"  # instead of a name: the vision-language model where one is set, else the built-in one

ANNOTATORS: Registry[Annotator] = Registry("annotator", "discern.annotators")
ANNOTATORS.register(BuiltinAnnotator)
ANNOTATORS.register(VlmAnnotator)
ANNOTATORS.register(DecomposedAnnotator)
