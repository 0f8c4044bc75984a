"""An OCI runtime in Python that follows the runtime specification to the letter."""
