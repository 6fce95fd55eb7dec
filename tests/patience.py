"""How long a test waits for a state that has to come.

A busy machine may take minutes for what takes a second here, and that is no defect. A test that waits in vain
still says what it waited for before pytest ends it (`timeout` in pyproject.toml).
"""

PATIENCE = 480  # seconds
