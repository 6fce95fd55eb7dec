"""`python -m concepts`."""

from concepts.cli import main

main()
