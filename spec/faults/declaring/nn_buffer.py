"""Faults in ``nn.Buffer``."""

from torch import nn

from .. import fault


@fault("BUF-01", since="2.5")
def an_nn_Buffer_is_non_persistent_by_default(patch):
    new = nn.Buffer.__new__
    patch.setattr(
        nn.Buffer, "__new__", lambda cls, data=None, *, persistent=False: new(cls, data, persistent=persistent)
    )


@fault("BUF-02", since="2.5")
def an_nn_Buffer_is_always_persistent(patch):
    new = nn.Buffer.__new__
    patch.setattr(nn.Buffer, "__new__", lambda cls, data=None, *, persistent=True: new(cls, data, persistent=True))
