"""Compiling: what export, compile, script and trace make of a module's state.

A graph has no attributes: parameters and buffers become its inputs, plain tensors its constants, plain numbers part of
the code. What is saved afterwards, and what may still change, follows from that.
"""
