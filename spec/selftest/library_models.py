"""Models of libraries on the package index, without their weights: `tox -e models` shows them."""

from torch import nn


def perceiver() -> nn.Module:
    from perceiver_pytorch import Perceiver

    sizes = {"num_latents": 4, "latent_dim": 8, "cross_dim_head": 4, "latent_dim_head": 4, "latent_heads": 1}
    return Perceiver(input_channels=3, input_axis=2, num_freq_bands=2, max_freq=4.0, depth=2, num_classes=3, **sizes)


def mixer() -> nn.Module:
    from mlp_mixer_pytorch import MLPMixer

    return MLPMixer(image_size=8, channels=3, patch_size=4, dim=8, depth=2, num_classes=3)


def gated_mlp() -> nn.Module:
    from g_mlp_pytorch import gMLP

    return gMLP(num_tokens=20, dim=8, depth=2, seq_len=6)
