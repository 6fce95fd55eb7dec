"""The demo: every visitor has a data folder of their own for an hour, over one sample library."""

from concepts.visitors.sandboxes import LIMITS, FullHouseError, Limits, Sandbox, Sandboxes

__all__ = ["LIMITS", "FullHouseError", "Limits", "Sandbox", "Sandboxes"]
