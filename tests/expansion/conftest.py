"""A vocabulary that knows no noun."""

from types import SimpleNamespace
from typing import Any

import pytest


@pytest.fixture(scope="session")
def blind() -> Any:
    """So that thousands of sentences are tried without embedding them."""
    return SimpleNamespace(nearest=lambda text, n: [])
