"""The oracles: small pure functions that say what must be seen."""
