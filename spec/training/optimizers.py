"""The optimizers that claims are shown on, each with all that could change a parameter without a gradient."""

from torch.optim import SGD, Adagrad, Adam, AdamW, RMSprop

OPTIMIZERS = {
    "SGD with momentum": lambda parameters: SGD(parameters, lr=0.1, momentum=0.9, weight_decay=0.1),
    "Adam": lambda parameters: Adam(parameters, lr=0.1, weight_decay=0.1),
    "AdamW with weight decay": lambda parameters: AdamW(parameters, lr=0.1, weight_decay=0.1),
    "RMSprop": lambda parameters: RMSprop(parameters, lr=0.1, momentum=0.9, weight_decay=0.1),
    "Adagrad": lambda parameters: Adagrad(parameters, lr=0.1, weight_decay=0.1),
}
