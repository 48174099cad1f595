"""Faults in saving: torch with one rule of that chapter broken at a time."""
