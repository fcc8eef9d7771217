"""The Real NVP of the benches `engine` and `training`, in PyTorch and JAX, with weights that Flowline wrote.

NAME.json holds the shape {features, layers, hidden, bound}, NAME.weights.bin the float32 weights of every coupling in order: kernel
[inputs x outputs] and bias of each linear layer. Affine couplings over alternating halves, one network of ReLUs for log-scale and shift,
log-scales within the bound, a standard normal base. Call `keep_to` before numpy, torch or jax is imported.
"""

import json
import os
import warnings


def keep_to(threads: int) -> None:
    """Keeps this process to as many cores as threads: not every library keeps to the threads that it is told."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    if threads == 1:
        os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    # Libraries that flush subnormal numbers to zero make numpy say so at length.
    warnings.filterwarnings("ignore", message="The value of the smallest subnormal")


class Model:
    """A model as it was written: `couplings[i]` lists the (kernel, bias) of the layers of a network."""

    def __init__(self, folder: str, name: str) -> None:
        import numpy as np

        with open(f"{folder}/{name}.json") as file:
            self.shape = json.load(file)
        self.features, self.bound, self.hidden = self.shape["features"], self.shape["bound"], self.shape["hidden"]
        self.half = self.features // 2
        self.log_normalizer = 0.5 * self.features * float(np.log(2 * np.pi))
        flat, at = np.fromfile(f"{folder}/{name}.weights.bin", "f4"), 0
        widths = [self.half, *self.hidden, 2 * self.half]
        self.couplings = []
        for _ in range(self.shape["layers"]):
            coupling = []
            for inputs, outputs in zip(widths, widths[1:]):
                kernel = flat[at : at + inputs * outputs].reshape(inputs, outputs)
                at += inputs * outputs
                coupling.append((kernel, flat[at : at + outputs]))
                at += outputs
            self.couplings.append(coupling)
        assert at == flat.size, (at, flat.size)


def torch_flow(model: Model):
    """A module from rows to log p."""
    import torch
    from torch import nn

    h, bound = model.half, model.bound

    def perceptron(coupling):
        modules = []
        for i, (kernel, bias) in enumerate(coupling):
            linear = nn.Linear(*kernel.shape)
            linear.weight.data, linear.bias.data = torch.tensor(kernel.T.copy()), torch.tensor(bias)
            modules += [linear, nn.ReLU()] if i < len(coupling) - 1 else [linear]
        return nn.Sequential(*modules)

    class RealNvp(nn.Module):
        def __init__(self):
            super().__init__()
            self.nets = nn.ModuleList(perceptron(coupling) for coupling in model.couplings)

        def forward(self, x):
            a, b = x[:, :h], x[:, h:]
            log_det = torch.full((x.shape[0],), -model.log_normalizer)
            for i, net in enumerate(self.nets):
                r = net(a if i % 2 == 0 else b)
                s, t = bound * torch.tanh(r[:, :h] / bound), r[:, h:]
                if i % 2 == 0:
                    b = b * torch.exp(s) + t
                else:
                    a = a * torch.exp(s) + t
                log_det = log_det + s.sum(1)
            return log_det - 0.5 * ((a * a).sum(1) + (b * b).sum(1))

    return RealNvp()


def jax_parameters(model: Model):
    """The weights as a tree of JAX arrays."""
    import jax.numpy as jnp

    return [[(jnp.array(kernel), jnp.array(bias)) for kernel, bias in coupling] for coupling in model.couplings]


def jax_log_density(model: Model, parameters, x):
    """log p of rows."""
    import jax
    import jax.numpy as jnp

    h, bound = model.half, model.bound
    a, b = x[:, :h], x[:, h:]
    log_det = -model.log_normalizer
    for i, coupling in enumerate(parameters):
        r = a if i % 2 == 0 else b
        for j, (kernel, bias) in enumerate(coupling):
            r = r @ kernel + bias
            if j < len(coupling) - 1:
                r = jax.nn.relu(r)
        s, t = bound * jnp.tanh(r[:, :h] / bound), r[:, h:]
        if i % 2 == 0:
            b = b * jnp.exp(s) + t
        else:
            a = a * jnp.exp(s) + t
        log_det = log_det + s.sum(1)
    return log_det - 0.5 * ((a * a).sum(1) + (b * b).sum(1))
