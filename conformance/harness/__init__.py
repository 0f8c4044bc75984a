"""What drives a runtime: the trial's own surroundings, the command line, the bundle, the host, the journal."""
