"""Faults in what ``torch.save`` makes of a fake state dict."""

from .. import fault


@fault("GRAPH-101", breaks="torch.serialization.skip_data.__init__")
def fake_tensors_are_never_materialized(original, self, materialize_fake_tensors=False):
    """`torch.serialization.skip_data` ignores `materialize_fake_tensors=True`."""
    original(self)
