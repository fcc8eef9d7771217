"""Trains the reference Real NVP in PyTorch until validation says to stop.

    python time_to_nll.py FOLDER MODEL THREADS STEPS EVERY

FOLDER holds MODEL.json and MODEL.weights.bin, from which training begins, and float32 rows train.f32, validation.f32 and test.f32. AdamW as
it comes (learning rate 1e-3, weight decay 1e-2), fused, cosine to 0 over STEPS steps of 512 rows, each row once per epoch in a new order,
gradient norm clipped at 5; validation on all its rows every EVERY steps, the best weights kept, and an end after ten validations without
a better one. The seconds are those of the wall clock from the first step to the end of the best validation: steps and validations, but
neither loading nor the test rows. The last line is JSON.
"""

import json
import math
import sys
import time

import real_nvp

folder, name = sys.argv[1:3]
threads, steps, every = (int(argument) for argument in sys.argv[3:6])
real_nvp.keep_to(threads)

import numpy as np  # noqa: E402
import torch  # noqa: E402

BATCH = 512
PATIENCE = 10

torch.set_num_threads(threads)
model = real_nvp.Model(folder, name)
train, validation, test = (
    torch.from_numpy(np.fromfile(f"{folder}/{part}.f32", np.float32).reshape(-1, model.features)) for part in ("train", "validation", "test")
)
flow = real_nvp.torch_flow(model)
optimizer = torch.optim.AdamW(flow.parameters(), fused=True)
schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.5 * (1 + math.cos(math.pi * step / steps)))
random = np.random.RandomState(1)


def nll_of(rows: torch.Tensor) -> float:
    with torch.no_grad():
        return -float(torch.cat([flow(part).double() for part in rows.split(4096)]).mean())


best, best_nll, best_step, best_seconds, since = {}, math.inf, 0, 0.0, 0
order, at, taken, started = torch.empty(0, dtype=torch.long), 0, 0, time.perf_counter()
while taken < steps and since < PATIENCE:
    if at + BATCH > len(order):
        order, at = torch.from_numpy(random.permutation(len(train))), 0
    rows = train[order[at : at + BATCH]]
    at += BATCH
    optimizer.zero_grad(set_to_none=True)
    loss = -flow(rows).mean()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(flow.parameters(), 5.0)
    optimizer.step()
    schedule.step()
    taken += 1
    if taken % every == 0 or taken == steps:
        nll = nll_of(validation)
        since += 1
        if nll < best_nll:
            best, best_nll, best_step = {key: value.clone() for key, value in flow.state_dict().items()}, nll, taken
            best_seconds, since = time.perf_counter() - started, 0
flow.load_state_dict(best)
result = {"seconds": best_seconds, "steps": best_step, "validationNll": best_nll, "nll": nll_of(test)}
print(json.dumps(result))
