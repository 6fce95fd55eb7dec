"""What a person may do."""

from enum import IntEnum


class Role(IntEnum):
    """Each may do what those before may."""

    VIEWER = 1  # sees and downloads
    LABELLER = 2  # labels and comments
    OWNER = 3  # everything

    @property
    def word(self) -> str:
        return self.name.lower()
