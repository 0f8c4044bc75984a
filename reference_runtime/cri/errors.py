"""How a call is refused: one exception for each gRPC status that a client may need to tell apart."""

from __future__ import annotations


class Refused(Exception):
    """A call that can not be answered; ``status`` is the name of the gRPC status code."""

    status = "INTERNAL"


class Invalid(Refused):
    """The request itself is wrong."""

    status = "INVALID_ARGUMENT"


class NotFound(Refused):
    """What the request names is not there."""

    status = "NOT_FOUND"


class Exists(Refused):
    """What the request would make is there already."""

    status = "ALREADY_EXISTS"


class WrongState(Refused):
    """The object is there, but not in a state for the operation."""

    status = "FAILED_PRECONDITION"


class Unsupported(Refused):
    """This server, or the runtime below it, does not do that."""

    status = "UNIMPLEMENTED"


class TooLate(Refused):
    """The operation took longer than the caller wanted to wait."""

    status = "DEADLINE_EXCEEDED"


class Unreachable(Refused):
    """A registry could not be reached."""

    status = "UNAVAILABLE"


class Forbidden(Refused):
    """A registry refused the credentials, or wanted some."""

    status = "PERMISSION_DENIED"


class Failed(Refused):
    """The host or the runtime below refused something."""


class Unusable(Exception):
    """The server can not start: one line for the user."""
