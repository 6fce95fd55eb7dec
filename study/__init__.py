"""How much do so many answers buy? Simulated people answer what the product asks; what it learns is measured.

Choosing and training are the product's own (`concepts.learning.acquisition`, `concepts.learning.fitting`).
"""
