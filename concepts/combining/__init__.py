"""Finished concepts made into one by and, or, not: the rule as text, what it says, how sure that is."""
