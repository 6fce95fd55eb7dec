"""The exported folder: write, load, check, classify, score. Knows no database."""
