"""What a config means: what the probe, the state and the control groups must show, written from the specification.

``expected(config)`` gives one ``Expected`` for each property that can be looked at; each names the requirement that
says so.  ``questions(config)`` gives the verbs that the probe must be told to answer them.
"""

from strategies.models.fact import Expected
from strategies.models.meaning import expected, questions

__all__ = ["Expected", "expected", "questions"]
