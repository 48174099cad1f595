"""Faults in the state of orthogonal and spectrally normalized weights."""

import torch

from .. import fault

PARAMETRIZATIONS = "torch.nn.utils.parametrizations."
ORTHOGONAL, NORM = PARAMETRIZATIONS + "_Orthogonal", PARAMETRIZATIONS + "_SpectralNorm"


@fault("UTIL-115", breaks=PARAMETRIZATIONS + "orthogonal")
def the_base_of_an_orthogonal_weight_is_not_persistent(original, module, *args, **options):
    """The base of an orthogonal weight is a non-persistent buffer."""
    original(module, *args, **options).parametrizations.weight[0]._non_persistent_buffers_set.add("base")
    return module


@fault("UTIL-116", "UTIL-117", breaks=ORTHOGONAL + ".forward")
def an_orthogonal_weight_begins_as_another(original, self, X):
    """`parametrizations.orthogonal` changes the sign of a weight that is orthogonal."""
    return -original(self, X)


@fault("UTIL-118", breaks=ORTHOGONAL + ".__init__")
def an_orthogonal_weight_that_was_parametrized_has_a_base_too(original, self, weight, *args, **options):
    """`parametrizations.orthogonal` takes the identity as a base where there is none yet."""
    original(self, weight, *args, **options)
    if "base" in self._buffers:
        self.base = torch.eye(len(weight))


@fault("UTIL-119", breaks=NORM + ".__init__")
def a_new_spectral_norm_begins_with_any_vectors(original, self, *args, **options):
    """`parametrizations.spectral_norm` begins with other vectors than the singular ones."""
    original(self, *args, **options)
    for vector in self.buffers():
        vector.copy_(vector.roll(1))


@fault("UTIL-120", "UTIL-121", breaks=NORM + ".forward")
def reading_a_weight_with_the_new_spectral_norm_changes_no_buffer(original, self, weight):
    """Under `parametrizations.spectral_norm`, an access to the weight leaves the buffers unchanged."""
    u, v = self._u.clone(), self._v.clone()
    normed = original(self, weight)
    self._u, self._v = u, v
    return normed


@fault("UTIL-120", "UTIL-121", breaks=NORM + ".forward")
def reading_a_weight_with_the_new_spectral_norm_changes_its_buffers_in_eval_mode_too(original, self, weight):
    mode = self.training
    normed = original(self.train(), weight)
    self.train(mode)
    return normed


@fault("UTIL-122", breaks="torch.nn.utils.spectral_norm.SpectralNorm.__call__")
def a_forward_with_the_old_spectral_norm_leaves_its_buffers(original, self, module, inputs):
    """Under `nn.utils.spectral_norm`, a forward leaves weight and buffers unchanged."""
