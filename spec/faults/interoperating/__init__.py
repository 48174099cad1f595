"""Faults in interoperating: torch, or a tool beside it, with one rule of that chapter broken at a time."""
