"""Faults in the whole: what only a sequence of events shows."""
