"""The answers as data: files in and out, consensus, and what a concept learns and measures from."""
