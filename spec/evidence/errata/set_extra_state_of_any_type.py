"""Extra state may be any object.

The documentation says that extra state is a dict.

In fact, whatever `get_extra_state` returns comes back to `set_extra_state`.
"""

from torch import nn


class Extra(nn.Module):
    def get_extra_state(self):
        return 3

    def set_extra_state(self, state):
        self.seen = state


model = Extra()
model.load_state_dict(model.state_dict())
assert model.seen == 3
