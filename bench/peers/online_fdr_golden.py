"""Writes the decisions of LORD++ that libs/detector/src/control/lord.test.ts compares with.

Needs the package online-fdr 1.0.0 (PyPI):

    python bench/peers/online_fdr_golden.py > libs/detector/src/control/lord-golden.json
"""

import json
import random

from online_fdr.p_values.investing.lord.plus_plus import LordPlusPlus


def stream(seed: int, tests: int, share: float) -> list[float]:
    """p-values of which `share` are of signals, in six significant digits."""
    source = random.Random(seed)
    return [
        float(f"{source.random() ** (25 if source.random() < share else 1):.6g}") for _ in range(tests)
    ]


def decided(level: float, wealth: float, p_values: list[float]) -> dict:
    procedure = LordPlusPlus(alpha=level, wealth=wealth)
    steps = [procedure.test_one_detail(p) for p in p_values]
    return {
        "level": level,
        "wealth": wealth,
        "pValues": p_values,
        "thresholds": [float(f"{step.test_level:.12g}") for step in steps],
        "rejected": [i for i, step in enumerate(steps) if step.rejected],
    }


streams = [
    decided(0.05, 0.025, stream(1, 400, 0.1)),
    decided(0.1, 0.05, stream(2, 400, 0.3)),
    decided(0.2, 0.02, stream(3, 300, 0.02)),
    decided(0.01, 0.005, stream(4, 300, 0)),
]
print(json.dumps(streams))
