"""Faults in training: torch with one rule of that chapter broken at a time."""
