"""Faults in moving: torch with one rule of that chapter broken at a time."""
