"""Saving: what a checkpoint holds, what loading and copying restore.

A checkpoint is a ``state_dict()``: parameters and persistent buffers, by name, as tensors. Loading copies its values
into a module that was built beforehand. Copying or pickling the module itself is another road, on which everything
travels.
"""
