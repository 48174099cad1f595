"""The whole: everything that can be done to a module, in any order.

A real module and a reference model of a hundred lines are driven side by side, and agree after every step on what is
registered, in which order, what is saved, and which objects have stayed the same. The reference model is the shortest
complete statement of the rules.
"""
