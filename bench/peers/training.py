"""Training steps of the peers on one reference model, measured on demand.

    python training.py FOLDER MODEL THREADS ENGINES

FOLDER holds what `npm run bench -- training --peers` wrote: shape, weights, rows, and the NLL of the first rows after a few steps on them
(`check` in MODEL.json). Every engine starts from these weights, takes the same steps of Adam on a batch that stays the same, and is
compared with that NLL before anything is timed. float32 throughout.

    torch-eager    the module as it is, Adam as it comes
    torch-fused    the module as it is, Adam(fused=True)
    torch-compile  torch.compile of the module, Adam(fused=True)
    jax            one jitted function of loss, gradient and Adam, its buffers donated

Prints one line of JSON when it is ready, {"versions": {...}, "obstacles": {engine: null, or why it cannot run}}, and then answers each line
"ENGINE BATCH MILLISECONDS" with the milliseconds per step over such a window, in which training begins anew. Ends with its input.
"""

import json
import platform
import sys
import time

import real_nvp

folder, name, threads, engines = sys.argv[1:5]
threads, engines = int(threads), engines.split(",")
real_nvp.keep_to(threads)

import numpy as np  # noqa: E402

model = real_nvp.Model(folder, name)
rows = np.fromfile(f"{folder}/{name}.rows.bin", "f4").reshape(-1, model.features)
check = model.shape["check"]
LEARNING_RATE = check["learningRate"]
# First steps of a process compile, allocate and fill caches.
FIRST_STEPS = 3


class TorchTrainer:
    """`start` begins anew with a batch, `step` takes a step and returns the NLL before it."""

    def __init__(self, fused: bool, compiled: bool) -> None:
        import torch

        torch.set_num_threads(threads)
        self.torch, self.fused, self.compiled = torch, fused, compiled
        self.flow = real_nvp.torch_flow(model)
        self.weights = {key: value.clone() for key, value in self.flow.state_dict().items()}
        self.log_prob, self.compiled_for = self.flow, None

    def start(self, batch: int) -> None:
        if self.compiled and self.compiled_for != batch:
            self.torch._dynamo.reset()
            self.log_prob, self.compiled_for = self.torch.compile(self.flow, dynamic=False), batch
        self.flow.load_state_dict(self.weights)
        options = {"fused": True} if self.fused else {}
        self.optimizer = self.torch.optim.Adam(self.flow.parameters(), lr=LEARNING_RATE, **options)
        self.x = self.torch.tensor(rows[:batch])

    def step(self) -> float:
        self.optimizer.zero_grad(set_to_none=True)
        loss = -self.log_prob(self.x).mean()
        loss.backward()
        self.optimizer.step()
        return float(loss.detach())


class JaxTrainer:
    """The same in JAX, with Adam (Kingma and Ba, 2015) written out."""

    def __init__(self) -> None:
        import jax
        import jax.numpy as jnp

        self.jax, self.jnp = jax, jnp

        def adam(parameters, first, second, count, x):
            def nll(current):
                return -real_nvp.jax_log_density(model, current, x).mean()

            loss, gradient = jax.value_and_grad(nll)(parameters)
            count = count + 1
            first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
            second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)
            rate, correction = LEARNING_RATE / (1 - 0.9**count), 1 / (1 - 0.999**count)
            moved = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v * correction) + 1e-8), parameters, first, second)
            return loss, moved, first, second, count

        self.adam = jax.jit(adam, donate_argnums=(0, 1, 2, 3))

    def start(self, batch: int) -> None:
        parameters = real_nvp.jax_parameters(model)
        zeros = [self.jax.tree.map(self.jnp.zeros_like, parameters) for _ in range(2)]
        self.state = (parameters, *zeros, self.jnp.array(0.0, dtype=self.jnp.float32))
        self.x = self.jnp.array(rows[:batch])

    def step(self) -> float:
        loss, *state = self.adam(*self.state, self.x)
        self.state = tuple(state)
        return float(loss)  # waits for the step, as every loop that watches its loss does


def trainer_of(engine: str):
    """An engine, checked against ours."""
    if engine == "jax":
        trainer = JaxTrainer()
    else:
        trainer = TorchTrainer(fused=engine != "torch-eager", compiled=engine == "torch-compile")
    trainer.start(check["rows"])
    for _ in range(check["steps"]):
        trainer.step()
    nll = trainer.step()
    if abs(nll - check["nll"]) > check["tolerance"]:
        raise RuntimeError(f"its NLL after {check['steps']} steps is {nll}, ours {check['nll']}")
    return trainer


def milliseconds_per_step(trainer, batch: int, window: float, first_steps: int) -> float:
    trainer.start(batch)
    for _ in range(first_steps):
        trainer.step()
    start, steps = time.perf_counter(), 0
    while True:
        trainer.step()
        steps += 1
        elapsed = time.perf_counter() - start
        if elapsed >= window:
            return 1000 * elapsed / steps


def versions() -> dict[str, str]:
    import importlib.metadata

    return {"python": platform.python_version()} | {each: importlib.metadata.version(each) for each in ("torch", "jax", "numpy")}


trainers, obstacles = {}, {}
for engine in engines:
    try:
        trainers[engine], obstacles[engine] = trainer_of(engine), None
    except Exception as error:  # whatever keeps it from running is said instead of its figures
        obstacles[engine] = f"{type(error).__name__}: {error}".splitlines()[0][:200]
print(json.dumps({"versions": versions(), "obstacles": obstacles}), flush=True)

seen = set()
for line in sys.stdin:
    engine, batch, milliseconds = line.split()
    first = (engine, batch) not in seen
    seen.add((engine, batch))
    window = int(milliseconds) / 1000
    print(milliseconds_per_step(trainers[engine], int(batch), window, FIRST_STEPS if first else 1), flush=True)
