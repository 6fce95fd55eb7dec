"""The use cases, in the person's words. Screens, REST and the command line call this and nothing else."""

from concepts.workbench.base import ENOUGH_LABELS, EVALUATION_SIZE, JOURNEY, POOL_SIZE
from concepts.workbench.installation import Installation

__all__ = ["ENOUGH_LABELS", "EVALUATION_SIZE", "JOURNEY", "POOL_SIZE", "Workbench"]


class Workbench(Installation):
    """Everything a person can do, over one data folder. It orders the work; the rooms do it.

    Each part of the journey is a module and builds on the one before: pictures, definitions, answers,
    versions, and the installation itself.
    """
