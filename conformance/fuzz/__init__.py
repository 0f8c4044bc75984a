"""Fuzzing: cases that were drawn, the oracles that judge them, and findings: what stays of a failure."""
