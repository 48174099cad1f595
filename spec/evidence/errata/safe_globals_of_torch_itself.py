"""get_safe_globals lists what nobody added.

The documentation says that the list holds what the user added.

In fact, in a fresh process it holds entries of torch's own, and `clear_safe_globals` drops them too.
"""

import torch

assert torch.serialization.get_safe_globals() != []  # nothing was added
torch.serialization.clear_safe_globals()
assert torch.serialization.get_safe_globals() == []
