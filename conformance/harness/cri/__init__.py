"""The harness for CRI servers: messages, client, the scene of a test, and servers that are started for a run."""
