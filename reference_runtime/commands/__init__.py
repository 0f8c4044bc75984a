"""What the commands do with their command lines; each module is imported only for its own commands."""
