"""Models of libraries on the package index, without their weights: `tox -e models` shows and checks them."""

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


def llama() -> nn.Module:
    from transformers import LlamaConfig, LlamaForCausalLM

    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    return LlamaForCausalLM(LlamaConfig(vocab_size=50, tie_word_embeddings=True, **sizes))


def bert() -> nn.Module:
    from transformers import BertConfig, BertForMaskedLM

    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    return BertForMaskedLM(BertConfig(vocab_size=50, **sizes))


def gpt2() -> nn.Module:
    from transformers import GPT2Config, GPT2LMHeadModel

    return GPT2LMHeadModel(GPT2Config(vocab_size=50, n_embd=32, n_layer=2, n_head=4))


def t5() -> nn.Module:
    from transformers import T5Config, T5ForConditionalGeneration

    return T5ForConditionalGeneration(T5Config(vocab_size=50, d_model=32, d_ff=64, num_layers=2, num_heads=4, d_kv=8))


def wav2vec() -> nn.Module:
    from transformers import Wav2Vec2Config, Wav2Vec2Model

    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    return Wav2Vec2Model(Wav2Vec2Config(num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=4, **sizes))


def swin() -> nn.Module:
    from timm import create_model

    return create_model("swin_tiny_patch4_window7_224", pretrained=False, depths=(1, 1), embed_dim=24, num_heads=(1, 2))


def eva() -> nn.Module:
    from timm import create_model

    return create_model("eva02_tiny_patch14_224", pretrained=False, depth=2, img_size=56)


def mobilenet() -> nn.Module:
    from timm import create_model

    return create_model("mobilenetv3_small_050", pretrained=False)


def resnet() -> nn.Module:
    from torchvision.models import resnet18

    return resnet18(weights=None)


def detector() -> nn.Module:
    from torchvision.models.detection import fasterrcnn_mobilenet_v3_large_320_fpn

    return fasterrcnn_mobilenet_v3_large_320_fpn(weights=None, weights_backbone=None)


def simple_vit() -> nn.Module:
    from vit_pytorch import SimpleViT

    return SimpleViT(image_size=32, patch_size=8, num_classes=3, dim=32, depth=2, heads=2, mlp_dim=32)


def na_vit() -> nn.Module:
    from vit_pytorch.na_vit import NaViT

    return NaViT(image_size=32, patch_size=8, num_classes=3, dim=32, depth=2, heads=2, mlp_dim=32)


def decoder() -> nn.Module:
    from x_transformers import Decoder, TransformerWrapper

    layers = Decoder(dim=32, depth=2, heads=2, rotary_pos_emb=True, attn_flash=False)
    return TransformerWrapper(num_tokens=20, max_seq_len=16, tie_embedding=True, attn_layers=layers)


def alibi_decoder() -> nn.Module:
    from x_transformers import Decoder, TransformerWrapper

    return TransformerWrapper(
        num_tokens=20, max_seq_len=16, attn_layers=Decoder(dim=32, depth=2, heads=4, alibi_pos_bias=True)
    )


def exact_gp() -> nn.Module:
    import gpytorch
    import torch

    class Model(gpytorch.models.ExactGP):
        def __init__(self) -> None:
            super().__init__(torch.linspace(0, 1, 5), torch.zeros(5), gpytorch.likelihoods.GaussianLikelihood())
            self.mean = gpytorch.means.ConstantMean()
            self.kernel = gpytorch.kernels.ScaleKernel(gpytorch.kernels.RBFKernel())

    return Model()


def botorch_gp() -> nn.Module:
    import torch
    from botorch.models import SingleTaskGP

    return SingleTaskGP(torch.rand(6, 2, dtype=torch.double), torch.rand(6, 1, dtype=torch.double))


def equivariant() -> nn.Module:
    from e3nn import o3

    return o3.FullyConnectedTensorProduct("2x0e + 1x1o", "1x0e + 1x1o", "2x0e + 1x1o")


def graph_convolution() -> nn.Module:
    from torch_geometric.nn import GCN

    return GCN(4, 8, 2, cached=True)


def graph_schnet() -> nn.Module:
    from torch_geometric.nn import SchNet

    return SchNet(hidden_channels=8, num_filters=8, num_interactions=2)


def kornia_augmentation() -> nn.Module:
    import kornia

    return kornia.augmentation.AugmentationSequential(
        kornia.augmentation.ColorJiggle(0.1, 0.1, 0.1, 0.1), kornia.augmentation.RandomAffine(10.0), data_keys=["input"]
    )


def kornia_warper() -> nn.Module:
    from kornia.geometry.transform import HomographyWarper

    return HomographyWarper(4, 4)


def spiking() -> nn.Module:
    import snntorch

    return nn.Sequential(nn.Linear(4, 4), snntorch.Leaky(beta=0.9, init_hidden=True))


def spiking_jelly() -> nn.Module:
    from spikingjelly.activation_based import layer, neuron

    return nn.Sequential(layer.Linear(4, 4), neuron.LIFNode(tau=2.0))


def unet() -> nn.Module:
    from monai.networks.nets import UNet

    return UNet(spatial_dims=2, in_channels=1, out_channels=2, channels=(4, 8), strides=(2,))


def gaussian_filter() -> nn.Module:
    from monai.networks.layers import GaussianFilter

    return GaussianFilter(2, 1.0)


def savitzky_golay() -> nn.Module:
    from monai.networks.layers import SavitzkyGolayFilter

    return SavitzkyGolayFilter(5, 2)


def diffusion_unet() -> nn.Module:
    from diffusers import UNet2DModel

    sizes = {"block_out_channels": (8, 16), "layers_per_block": 1, "norm_num_groups": 4}
    blocks = {"down_block_types": ("DownBlock2D", "AttnDownBlock2D"), "up_block_types": ("AttnUpBlock2D", "UpBlock2D")}
    return UNet2DModel(sample_size=8, **sizes, **blocks)


def autoencoder() -> nn.Module:
    from diffusers import AutoencoderKL

    return AutoencoderKL(block_out_channels=(8,), norm_num_groups=4)


def segmentation() -> nn.Module:
    from segmentation_models_pytorch import Unet

    return Unet("resnet18", encoder_weights=None)


def quantizer() -> nn.Module:
    from vector_quantize_pytorch import VectorQuantize

    return VectorQuantize(dim=8, codebook_size=16, kmeans_init=True)


def rotary() -> nn.Module:
    from rotary_embedding_torch import RotaryEmbedding

    return RotaryEmbedding(dim=32)


def performer() -> nn.Module:
    from performer_pytorch import PerformerLM

    return PerformerLM(num_tokens=20, max_seq_len=16, dim=16, depth=1, heads=2, dim_head=8)


def constant_q() -> nn.Module:
    from nnAudio.features import CQT1992v2

    return CQT1992v2(sr=8000, n_bins=24, verbose=False)


def griffin_lim() -> nn.Module:
    from nnAudio.features import Griffin_Lim

    return Griffin_Lim(n_fft=64)


def metrics() -> nn.Module:
    from torchmetrics import MetricCollection
    from torchmetrics.classification import MulticlassAccuracy
    from torchmetrics.wrappers import MinMaxMetric

    return MetricCollection({"accuracy": MulticlassAccuracy(3), "range": MinMaxMetric(MulticlassAccuracy(3))})


def memory() -> nn.Module:
    from pytorch_metric_learning.losses import ContrastiveLoss, CrossBatchMemory

    return CrossBatchMemory(ContrastiveLoss(), embedding_size=4, memory_size=8)


def speaker() -> nn.Module:
    from speechbrain.lobes.models.ECAPA_TDNN import ECAPA_TDNN

    return ECAPA_TDNN(16, channels=[8, 8, 8, 8, 24], attention_channels=8, lin_neurons=8, res2net_scale=2)


def fourier_operator() -> nn.Module:
    from neuralop.models import FNO

    return FNO(n_modes=(4, 4), hidden_channels=8, in_channels=1, out_channels=1, n_layers=2)


def adapted() -> nn.Module:
    from peft import LoraConfig, get_peft_model

    return get_peft_model(llama(), LoraConfig(target_modules=["q_proj", "v_proj"], r=2))


def quantized() -> nn.Module:
    from torchao.quantization import Int8WeightOnlyConfig, quantize_

    model = nn.Sequential(nn.Linear(32, 32), nn.Linear(32, 32))
    quantize_(model, Int8WeightOnlyConfig())
    return model


def averaged() -> nn.Module:
    from ema_pytorch import EMA

    return EMA(nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4)))


def tensor_dict() -> nn.Module:
    import torch
    from tensordict import TensorDict

    model = nn.Linear(2, 2)
    model.table = TensorDict({"a": torch.zeros(3)}, batch_size=[3])
    return model


def ode_solver() -> nn.Module:
    import torchode

    term = torchode.ODETerm(lambda t, y: -y)
    method = torchode.Tsit5(term=term)
    return torchode.AutoDiffAdjoint(method, torchode.IntegralController(atol=1e-6, rtol=1e-3, term=term))


def bayesian() -> nn.Module:
    import pyro
    import pyro.distributions as dist
    from pyro.nn import PyroModule, PyroSample

    pyro.clear_param_store()
    linear = PyroModule[nn.Linear](3, 1)
    linear.weight = PyroSample(dist.Normal(0.0, 1.0).expand([1, 3]).to_event(2))
    return linear
