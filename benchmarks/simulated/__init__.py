"""A SIMULATED vision model, a simulated proposer and simulated people, for studies of the collaborator.

Nothing here understands anything, and nothing here is part of the product. The models are behind a real HTTP
server and see what a real one would be sent: pixels and prompts. The vision model recognises a labelled
picture by its pixels and judges each criterion by a noisy detector of that one attribute; it never learns
what the concept is. The proposer sees the prompt alone and draws from a list of phrases, most of which are
of no use for any one concept.
"""
