"""Images: their names, the registries they come from, their layers, and where they are kept."""
