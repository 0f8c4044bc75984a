"""What can come out of a trial that is not a pass.

::

    AssertionError
      Violation            the runtime broke the requirement of the test
        OperationFailed    an operation that had to succeed was refused
        Crashed            the runtime panicked or was killed by a signal
        Hung               an operation outlived its watchdog
        Leaked             something was left behind after the container was deleted
    Exception
      HarnessError         we broke: nothing is said about the runtime
      WrongUse             the user asked for something that can not be: one line, exit status 4

Only a ``Violation`` speaks about the runtime, whatever else is raised speaks about us.
"""


class Violation(AssertionError):
    """The runtime broke the requirement that the test is bound to."""

    verdict = "violated"


class OperationFailed(Violation):
    """An operation that had to succeed was refused by the runtime; ``message`` is what it said."""

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(reason)
        self.message = message


class Crashed(Violation):
    """The runtime panicked, printed a stack trace of its own or was killed by a signal."""

    verdict = "crashed"


class Hung(Violation):
    """An operation did not end in time; its process group was killed."""

    verdict = "hung"


class Leaked(Violation):
    """A process, mount, cgroup, namespace or file was left behind, or a canary was changed."""

    verdict = "leaked"


class HarnessError(Exception):
    """The harness itself failed; this is never the runtime's fault."""


class WrongUse(Exception):
    """What the user asked for can not be done; the message is one line and says what to do."""
