"""Composing: tied tensors, hooks, parametrizations, functional calls.

One tensor may have several names, a value may be computed from others, and a call may borrow another module's state.
What a name stands for, and who owns the value behind it, is what this chapter is about.
"""
