"""Faults in what holds for every module."""
