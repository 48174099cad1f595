"""Tests of what the claims stand on: the vocabulary, the options, the views, the faults and the README."""
