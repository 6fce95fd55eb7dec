"""Finding out what a person means: borderline pictures by the ambiguity they share, and tested rewordings."""
