"""The two ways an operation of the runtime fails. Both are shown to the user as one line."""


class SpecError(Exception):
    """The configuration is invalid; the message names the property and says what is wrong with it."""


class RuntimeFault(Exception):
    """The configuration is valid, but this host or this container's state does not allow the operation."""


class Missing(RuntimeFault):
    """There is no such container."""


class Pretended(Exception):
    """A deliberate fault ends the operation here, as if it had succeeded."""
