"""Faults in distributing: torch with one rule of that chapter broken at a time."""
