"""Faults in what a conversion or a load between the forward and its ``backward()`` does."""

from .. import fault


@fault("MOVE-109", "MOVE-111", "MOVE-112", breaks="torch.__future__.get_swap_module_params_on_conversion", since="2.3")
def backward_runs_after_a_conversion_in_swap_mode(original):
    """Swap mode swaps nothing, and `backward()` runs."""
    return False


@fault("MOVE-110", breaks="torch.__future__.get_overwrite_module_params_on_conversion")
def the_graph_keeps_a_parameter_that_the_model_lost(original):
    """A conversion gives the model new parameters, and `backward()` fills the gradients of the old ones."""
    return True


@fault("MOVE-113", breaks="torch.nn.modules.module.is_traceable_wrapper_subclass")
def a_weak_reference_keeps_no_wrapping_parameter_from_being_converted(original, tensor):
    """A conversion of a parameter that wraps another tensor doesn't ask for weak references."""
    return False
