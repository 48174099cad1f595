"""The uses of a model in which more findings count than those that always do."""

USES = {
    "meta": "a build on the meta device, with to_empty() or an assigning load behind it",
    "half": "a conversion to float16 or bfloat16",
    "assign": "load_state_dict(assign=True)",
    "shard": "DistributedDataParallel or fully_shard",
    "pickle": "torch.save of the whole module, a spawned process",
    "safetensors": "a file of safetensors",
    "accelerate": "an empty build and offloading by accelerate",
    "export": "torch.export",
    "onnx": "a conversion to ONNX",
    "dcp": "a distributed checkpoint",
    "compile": "torch.compile",
    "average": "an average of models, such as AveragedModel",
    "quantize": "a quantizer that replaces weights",
    "adapter": "adapters such as LoRA, trained and merged",
}
