"""The vocabulary: edits on a config.json, and what they mean. Imports none of the other packages."""
