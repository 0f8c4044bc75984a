"""Hypothesis strategies over the edits: valid by construction, edge values often, shrinking to one edit or two.

``valid_cases()`` draws a few sections first and then what each of them says (swarm testing); ``invalid_cases()`` takes
a valid case and one thing that makes it invalid, whose sentence is known; ``broken_documents()`` are no config at all.
"""

from strategies.generators.cases import broken_documents, invalid_cases, unspecified_cases, valid_cases

__all__ = ["broken_documents", "invalid_cases", "unspecified_cases", "valid_cases"]
