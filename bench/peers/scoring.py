"""The peers on one reference model, measured on demand.

    python scoring.py FOLDER MODEL THREADS ENGINES

FOLDER holds what `npm run bench -- engine --peers` wrote: shape, weights, rows, and what the first rows must score. torch-eager,
torch-compile and jax run the very same weights, and are compared before anything is timed; zuko and nflows run a flow of the same shape
with weights of their own. Prints one line of JSON when it is ready, {engine: null, or why it cannot run}, and then answers each line
"ENGINE BATCH MILLISECONDS" with the events per second of such a window. Ends with its input.
"""

import json
import sys
import time

import real_nvp

folder, name, threads, engines = sys.argv[1:5]
threads, engines = int(threads), engines.split(",")
real_nvp.keep_to(threads)

import numpy as np  # noqa: E402

reference = real_nvp.Model(folder, name)
d, h, hidden, layers = reference.features, reference.half, reference.hidden, reference.shape["layers"]
rows = np.fromfile(f"{folder}/{name}.rows.bin", "f4").reshape(-1, d)
exact = np.fromfile(f"{folder}/{name}.exact.bin", "f8")


def torch_runners():
    import torch
    from torch import nn

    torch.set_num_threads(threads)

    model = real_nvp.torch_flow(reference).eval()
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

    parameters = real_nvp.jax_parameters(reference)
    compiled = jax.jit(lambda x: real_nvp.jax_log_density(reference, parameters, x))

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
