"""Ways to choose questions that the product does not use."""
