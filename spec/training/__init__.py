"""Training: who gets a gradient, who is updated, what a forward changes.

Gradients flow through every tensor that takes part in the computation and stay with the leaves that ask for them.
An optimizer updates what it is given, which by habit is ``parameters()``. Buffers change when ``forward`` changes them.
"""
