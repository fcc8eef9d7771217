"""The consumer that a Python team would write: Kafka -> orjson -> a Real NVP in PyTorch -> COPY -> commit, in one process.

pipeline.py TASK   (a JSON file: brokers, database, topic, features, events, warmUp); prints `ready`
when it has stored its first events, and in the end one line of JSON.
"""

import json
import sys
import time
from datetime import datetime, timezone

import numpy as np
import orjson
import psycopg
import torch
from confluent_kafka import Consumer

CHUNK = 4000  # with tracing the fastest of 1,000 to 10,000 on two cores
POLL_SECONDS = 0.05


class Coupling(torch.nn.Module):
    def __init__(self, features: int, flip: bool):
        super().__init__()
        self.flip, self.half = flip, features // 2
        self.net = torch.nn.Sequential(
            torch.nn.Linear(self.half, 64),
            torch.nn.ReLU(),
            torch.nn.Linear(64, 64),
            torch.nn.ReLU(),
            torch.nn.Linear(64, 2 * self.half),
        )

    def forward(self, x):
        a, b = x[:, : self.half], x[:, self.half :]
        if self.flip:
            a, b = b, a
        s, t = self.net(a).chunk(2, 1)
        s = 2 * torch.tanh(s / 2)
        b = b * torch.exp(s) + t
        return torch.cat([b, a] if self.flip else [a, b], 1), s.sum(1)


class RealNvp(torch.nn.Module):
    def __init__(self, features: int):
        super().__init__()
        self.couplings = torch.nn.ModuleList([Coupling(features, i % 2 == 1) for i in range(8)])
        self.constant = 0.5 * features * float(np.log(2 * np.pi))

    def forward(self, x):
        log_det = torch.zeros(x.shape[0])
        for coupling in self.couplings:
            x, s = coupling(x)
            log_det = log_det + s
        return log_det - 0.5 * (x * x).sum(1) - self.constant


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        task = json.load(file)
    features = [f"x{j}" for j in range(task["features"])]
    torch.manual_seed(0)
    model = RealNvp(len(features)).eval()
    model = torch.jit.freeze(torch.jit.trace(model, torch.randn(CHUNK, len(features))))
    database = psycopg.connect(task["database"])
    database.execute(
        'create table scored_events (topic text not null, partition int not null, "offset" bigint not null,'
        " event_id text not null, event_time timestamptz not null, log_density double precision not null,"
        " is_anomaly boolean not null, features double precision[] not null, scored_at timestamptz not null default now())"
    )
    database.execute("create index on scored_events (event_time)")
    database.commit()
    consumer = Consumer(
        {
            "bootstrap.servers": task["brokers"],
            "group.id": f"python-{time.time()}",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "fetch.min.bytes": 1,
        }
    )
    consumer.subscribe([task["topic"]])
    stored, latencies, begin = 0, [], None
    deadline = time.monotonic() + 300
    while stored < task["events"] and time.monotonic() < deadline:
        messages = consumer.consume(CHUNK, POLL_SECONDS)
        if not messages:
            continue
        events = [orjson.loads(message.value()) for message in messages]
        rows = torch.from_numpy(np.array([[event[name] for name in features] for event in events], dtype=np.float32))
        with torch.inference_mode():
            log_density = model(rows).tolist()
        with database.cursor() as cursor:
            with cursor.copy(
                'copy scored_events (topic, partition, "offset", event_id, event_time, log_density, is_anomaly, features) from stdin'
            ) as copy:
                copy.write("".join(row(m, e, d, features) for m, e, d in zip(messages, events, log_density)))
        database.commit()
        consumer.commit(asynchronous=False)
        now = time.time() * 1000
        latencies.extend(now - event["ts"] for event in events)
        if stored == 0:
            print("ready\ncounting", flush=True)  # whoever reads holds the last line back
        stored += len(events)
        if begin is None and stored >= task["warmUp"]:
            begin = (time.perf_counter(), stored, time.process_time())
    seconds = time.perf_counter() - begin[0]
    counted = np.array(latencies[begin[1] :])
    events = stored - begin[1]
    print(
        json.dumps(
            {
                "backend": "torch",
                "eventsPerSecond": events / seconds,
                "processMicrosPerEvent": (time.process_time() - begin[2]) / events * 1e6,
                "stageMicrosPerEvent": {},
                "p50Ms": float(np.quantile(counted, 0.5)),
                "p99Ms": float(np.quantile(counted, 0.99)),
            }
        )
    )


def row(message, event, log_density, features) -> str:
    at = datetime.fromtimestamp(event["ts"] / 1000, timezone.utc).isoformat()
    values = ",".join(str(event[name]) for name in features)
    anomalous = "t" if log_density < -40 else "f"
    place = f"{message.topic()}\t{message.partition()}\t{message.offset()}"
    return f"{place}\t{event['id']}\t{at}\t{log_density}\t{anomalous}\t{{{values}}}\n"


main()
