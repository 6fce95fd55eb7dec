"""What models do: they annotate pictures, and write and judge other wordings of a definition.

Adding an annotator is a file with the class and a line here.
"""

from concepts.collaborator.base import Annotator
from concepts.collaborator.builtin import AsksNoModel, BuiltinAnnotator
from concepts.collaborator.by_model import DecomposedAnnotator, VlmAnnotator
from concepts.registry import Registry

__all__ = ["ANNOTATORS", "AUTO", "Annotator", "asks_no_model"]

AUTO = "auto"  # instead of a name: the vision-language model where one is set, else the built-in one

ANNOTATORS: Registry[Annotator] = Registry("annotator", "discern.annotators")
ANNOTATORS.register(BuiltinAnnotator)
ANNOTATORS.register(VlmAnnotator)
ANNOTATORS.register(DecomposedAnnotator)


def asks_no_model(name: str) -> bool:
    """Whether the annotator of this name needs no endpoint."""
    chosen: object = None if name == AUTO else ANNOTATORS[name]
    return isinstance(chosen, type) and issubclass(chosen, AsksNoModel)
