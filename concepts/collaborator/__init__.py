"""What models do: they annotate pictures, and write and judge other wordings of a definition.

Adding an annotator is a file with the class and a line here.
"""

from concepts.collaborator.base import Annotator
from concepts.collaborator.builtin import BuiltinAnnotator
from concepts.collaborator.by_model import DecomposedAnnotator, VlmAnnotator
from concepts.collaborator.captions import CaptionAnnotator
from concepts.registry import Registry

__all__ = ["ANNOTATORS", "ASK_NO_MODEL", "AUTO", "Annotator"]

AUTO = "auto"  # instead of a name: the vision-language model where one is set, else the built-in one
ASK_NO_MODEL = ("builtin", "captions")

ANNOTATORS: Registry[Annotator] = Registry("annotator", "discern.annotators")
ANNOTATORS.register(BuiltinAnnotator)
ANNOTATORS.register(VlmAnnotator)
ANNOTATORS.register(DecomposedAnnotator)
ANNOTATORS.register(CaptionAnnotator)
