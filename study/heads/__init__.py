"""Ways to fit a linear head that the product does not use."""
