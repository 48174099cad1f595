"""Write the checkpoints of the installed release."""

from . import write

write()
