"""What is explained, and what writes the parts that come from the code."""
