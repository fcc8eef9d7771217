"""The peers on one reference model, measured on demand.

    python scoring.py FOLDER MODEL THREADS ENGINES

FOLDER holds what `npm run bench -- engine --peers` wrote: shape, weights, rows, and what the first rows must score. torch-eager,
torch-compile and jax run the very same weights, and are compared before anything is timed; zuko and nflows run a flow of the same shape
with weights of their own. Prints one line of JSON when it is ready, {engine: null, or why it cannot run}, and then answers each line
"ENGINE BATCH MILLISECONDS" with the events per second of such a window. Ends with its input.
"""

import json
import os
import sys
import time
import warnings

folder, name, threads, engines = sys.argv[1:5]
threads, engines = int(threads), engines.split(",")
if threads == 1:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # not every library keeps to the threads that it is told
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

# Libraries that flush subnormal numbers to zero make numpy say so at length.
warnings.filterwarnings("ignore", message="The value of the smallest subnormal")

import numpy as np  # noqa: E402

with open(f"{folder}/{name}.json") as file:
    shape = json.load(file)
d, layers, hidden, bound = shape["features"], shape["layers"], shape["hidden"], shape["bound"]
h = d // 2
widths = [h, *hidden, 2 * h]
flat = np.fromfile(f"{folder}/{name}.weights.bin", "f4")
rows = np.fromfile(f"{folder}/{name}.rows.bin", "f4").reshape(-1, d)
exact = np.fromfile(f"{folder}/{name}.exact.bin", "f8")

couplings, at = [], 0
for _ in range(layers):
    coupling = []
    for inputs, outputs in zip(widths, widths[1:]):
        weight = flat[at : at + inputs * outputs].reshape(inputs, outputs)
        at += inputs * outputs
        coupling.append((weight, flat[at : at + outputs]))
        at += outputs
    couplings.append(coupling)
assert at == flat.size, (at, flat.size)
HALF_LOG_TWO_PI = 0.5 * float(np.log(2 * np.pi))


def torch_runners():
    import torch
    from torch import nn

    torch.set_num_threads(threads)

    def perceptron(coupling):
        modules = []
        for i, (weight, bias) in enumerate(coupling):
            linear = nn.Linear(*weight.shape)
            linear.weight.data, linear.bias.data = torch.tensor(weight.T.copy()), torch.tensor(bias)
            modules += [linear, nn.ReLU()] if i < len(coupling) - 1 else [linear]
        return nn.Sequential(*modules)

    class RealNvp(nn.Module):
        def __init__(self):
            super().__init__()
            self.nets = nn.ModuleList(perceptron(coupling) for coupling in couplings)

        def forward(self, x):
            a, b = x[:, :h], x[:, h:]
            log_det = torch.full((x.shape[0],), -d * HALF_LOG_TWO_PI)
            for i, net in enumerate(self.nets):
                r = net(a if i % 2 == 0 else b)
                s, t = bound * torch.tanh(r[:, :h] / bound), r[:, h:]
                if i % 2 == 0:
                    b = b * torch.exp(s) + t
                else:
                    a = a * torch.exp(s) + t
                log_det = log_det + s.sum(1)
            return log_det - 0.5 * ((a * a).sum(1) + (b * b).sum(1))

    model = RealNvp().eval()
    tensor = torch.tensor(rows)

    def runner(function):
        def make(batch):
            x = tensor[:batch].contiguous()

            def run():
                with torch.inference_mode():
                    return function(x)

            return run

        return make

    def compiled(batch):
        torch._dynamo.reset()
        return runner(torch.compile(model))(batch)

    def zuko_flow():
        import zuko

        flow = zuko.flows.NICE(d, transforms=layers, hidden_features=hidden).eval()
        return runner(lambda x: flow().log_prob(x))

    def nflows_flow():
        from nflows.distributions.normal import StandardNormal
        from nflows.flows.base import Flow
        from nflows.transforms.base import CompositeTransform
        from nflows.transforms.coupling import AffineCouplingTransform

        class Net(nn.Module):
            def __init__(self, inputs, outputs):
                super().__init__()
                sizes = [inputs, *hidden, outputs]
                modules = []
                for i in range(len(sizes) - 1):
                    modules += [nn.Linear(sizes[i], sizes[i + 1])] + ([nn.ReLU()] if i < len(sizes) - 2 else [])
                self.net = nn.Sequential(*modules)

            def forward(self, x, context=None):
                return self.net(x)

        def mask(i):
            return [-1 if (j < h) == (i % 2 == 0) else 1 for j in range(d)]

        transforms = [AffineCouplingTransform(mask=mask(i), transform_net_create_fn=Net) for i in range(layers)]
        flow = Flow(CompositeTransform(transforms), StandardNormal([d])).eval()
        return runner(flow.log_prob)

    return {
        "torch-eager": lambda: runner(model),
        "torch-compile": lambda: compiled,
        "zuko": zuko_flow,
        "nflows": nflows_flow,
    }


def jax_runner():
    import jax
    import jax.numpy as jnp

    parameters = [[(jnp.array(weight), jnp.array(bias)) for weight, bias in coupling] for coupling in couplings]

    def log_density(x):
        a, b = x[:, :h], x[:, h:]
        log_det = -d * HALF_LOG_TWO_PI
        for i, coupling in enumerate(parameters):
            r = a if i % 2 == 0 else b
            for j, (weight, bias) in enumerate(coupling):
                r = r @ weight + bias
                if j < len(coupling) - 1:
                    r = jax.nn.relu(r)
            s, t = bound * jnp.tanh(r[:, :h] / bound), r[:, h:]
            if i % 2 == 0:
                b = b * jnp.exp(s) + t
            else:
                a = a * jnp.exp(s) + t
            log_det = log_det + s.sum(1)
        return log_det - 0.5 * ((a * a).sum(1) + (b * b).sum(1))

    compiled = jax.jit(log_density)

    def make(batch):
        x = jnp.array(rows[:batch])
        return lambda: compiled(x).block_until_ready()

    return make


def rate(run, batch, window):
    start, calls = time.perf_counter(), 0
    while True:
        run()
        calls += 1
        elapsed = time.perf_counter() - start
        if elapsed >= window:
            return calls * batch / elapsed


def maker_of(engine):
    """Makes an engine, checked against our float64 reference where it has our weights."""
    maker = jax_runner() if engine == "jax" else torch_runners()[engine]()
    if engine in ("torch-eager", "torch-compile", "jax"):
        scores = np.asarray(maker(len(exact))(), dtype="f8")
        worst = np.max(np.abs(scores - exact) / (1e-4 + 2e-6 * np.abs(exact)))
        if worst > 3:
            raise RuntimeError(f"it differs from our float64 reference: {worst} times the tolerance")
    return maker


makers, obstacles = {}, {}
for engine in engines:
    try:
        makers[engine], obstacles[engine] = maker_of(engine), None
    except Exception as error:  # whatever keeps it from running is said instead of its figures
        obstacles[engine] = f"{type(error).__name__}: {error}".splitlines()[0][:200]
print(json.dumps(obstacles), flush=True)

runs = {}
for line in sys.stdin:
    engine, batch, milliseconds = line.split()
    batch = int(batch)
    if (engine, batch) not in runs:
        runs[engine, batch] = run = makers[engine](batch)
        for _ in range(3):
            run()
    print(rate(runs[engine, batch], batch, int(milliseconds) / 1000), flush=True)
