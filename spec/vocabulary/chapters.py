"""The chapters of the specification, in the order in which a user meets them."""

CHAPTERS = ("declaring", "saving", "moving", "training", "composing", "compiling", "distributing", "bringing", "whole")
