"""Declaring: what makes a value a parameter, a buffer or neither.

A module sorts the values that it is given by their type and by the way they are given. ``nn.Parameter`` objects,
assigned or registered with ``register_parameter``, become parameters; ``nn.Buffer`` objects that are assigned, and
tensors that are registered with ``register_buffer``, become buffers; everything else, a plain tensor too, is a plain
attribute, which is neither listed nor saved nor moved.
"""
