"""Tests of what is promised, from outside: they import nothing of the product."""
