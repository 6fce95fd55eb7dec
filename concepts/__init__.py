"""The domain: definitions, encoders, annotators, learning, export, and the Workbench that ties them."""
