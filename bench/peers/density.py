"""Trains a flow of zuko or nflows by the protocol of `npm run bench -- density`, and scores the test rows.

    python density.py --folder DIR --library zuko --family maf --layers 5 --hidden 100,100 --steps 2500 --batch 512

DIR holds meta.json {features, values} and float32 rows train.f32, validation.f32 and test.f32. With values > 0 rows are images of
whole-numbered pixels 0 … values − 1: training adds noise in [-½, ½) anew in every step, the other rows have theirs. Adam 1e-3, cosine
to 0, gradient norm clipped at 5, the weights of the best validation. Writes log p of each test row to --scores as float64; the last
line is JSON.
"""

import argparse
import json
import math
import pathlib
import time

import numpy as np
import torch

MARGIN = 0.05


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    for name in ("folder", "library", "family", "scores"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("layers", "steps", "batch"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--hidden", type=lambda text: tuple(int(width) for width in text.split(",")), required=True)
    parser.add_argument("--bins", type=int, default=8)
    parser.add_argument("--every", type=int, default=250)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def build(args: argparse.Namespace, features: int):
    """The flow, and a function from rows to log p."""
    if args.library == "zuko":
        import zuko

        kinds = {"realNVP": "RealNVP", "maf": "MAF", "neuralSpline": "NSF", "naf": "NAF"}
        extra = {"bins": args.bins} if args.family == "neuralSpline" else {}
        make = getattr(zuko.flows, kinds[args.family])
        flow = make(features, 0, transforms=args.layers, hidden_features=args.hidden, **extra)
        return flow, lambda rows: flow().log_prob(rows)
    from nflows.flows import MaskedAutoregressiveFlow, SimpleRealNVP

    blocks = len(args.hidden) // 2  # a residual block holds two layers
    if args.family == "realNVP":
        # Its couplings can only shrink; batch norm between them is what lets a density concentrate.
        flow = SimpleRealNVP(features, args.hidden[0], args.layers, blocks, batch_norm_between_layers=True)
    else:
        flow = MaskedAutoregressiveFlow(features, args.hidden[0], args.layers, blocks, batch_norm_between_layers=False)
    return flow, flow.log_prob


def logits(pixels: torch.Tensor, values: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits of dequantised pixels, and log|det| of that map."""
    p = MARGIN + (1 - 2 * MARGIN) * (pixels.double() + 0.5) / values
    log_p, log_q = torch.log(p), torch.log1p(-p)
    constant = pixels.shape[1] * math.log((1 - 2 * MARGIN) / values)
    return (log_p - log_q).float(), constant - (log_p + log_q).sum(1)


def main() -> None:
    args = parse()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    random = np.random.RandomState(args.seed)
    folder = pathlib.Path(args.folder)
    meta = json.loads((folder / "meta.json").read_text())
    features, values = meta["features"], meta["values"]
    train, validation, test = (
        torch.from_numpy(np.fromfile(folder / f"{name}.f32", np.float32).reshape(-1, features))
        for name in ("train", "validation", "test")
    )

    def encoded(rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return logits(rows, values) if values > 0 else (rows, torch.zeros(len(rows), dtype=torch.float64))

    (validation, validation_det), (test, test_det) = encoded(validation), encoded(test)
    flow, log_prob = build(args, features)
    optimizer = torch.optim.Adam(flow.parameters(), lr=1e-3)

    def score(rows: torch.Tensor) -> torch.Tensor:
        flow.eval()
        with torch.no_grad():
            result = torch.cat([log_prob(part).double() for part in rows.split(4096)])
        flow.train()
        return result

    best, best_nll, evaluating, started = None, math.inf, 0.0, time.process_time()
    order, at = np.empty(0, np.int64), 0
    for step in range(args.steps):
        optimizer.param_groups[0]["lr"] = 0.5e-3 * (1 + math.cos(math.pi * step / args.steps))
        if at + args.batch > len(order):
            order, at = random.permutation(len(train)), 0
        rows = train[torch.from_numpy(order[at : at + args.batch])]
        at += args.batch
        if values > 0:
            rows, _ = logits(rows + torch.rand(rows.shape) - 0.5, values)
        optimizer.zero_grad(set_to_none=True)
        loss = -log_prob(rows).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(flow.parameters(), 5.0)
        optimizer.step()
        if (step + 1) % args.every == 0 or step + 1 == args.steps:
            paused = time.process_time()
            nll = -float((score(validation) + validation_det).mean())
            if nll < best_nll:
                best_nll, best = nll, {name: value.clone() for name, value in flow.state_dict().items()}
            evaluating += time.process_time() - paused
    seconds = time.process_time() - started - evaluating
    flow.load_state_dict(best)
    (score(test) + test_det).numpy().astype(np.float64).tofile(args.scores)
    parameters = sum(parameter.numel() for parameter in flow.parameters() if parameter.requires_grad)
    print(json.dumps({"parameters": parameters, "steps": args.steps, "seconds": round(seconds, 2)}))


if __name__ == "__main__":
    main()
