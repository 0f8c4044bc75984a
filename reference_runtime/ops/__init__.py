"""The steps of which plans are made, by what they are about."""
