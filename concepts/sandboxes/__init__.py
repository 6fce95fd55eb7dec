"""The demo: every visitor has a data folder of their own for an hour, over one sample library."""

from concepts.sandboxes.limits import LIMITS, Limits
from concepts.sandboxes.sandbox import Sandbox
from concepts.sandboxes.sandboxes import FullHouseError, Sandboxes

__all__ = ["LIMITS", "FullHouseError", "Limits", "Sandbox", "Sandboxes"]
