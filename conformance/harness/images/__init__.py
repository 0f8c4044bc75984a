"""Container images made on the spot, a registry on loopback that serves them, and archives of them to import."""
