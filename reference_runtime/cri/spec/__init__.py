"""config.json: what the messages of the CRI mean in the words of the runtime specification."""
