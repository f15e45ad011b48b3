"""Time and memory of each metric at 10,000 x 64 features. Run: python
benchmarks/bench_metrics.py

Each metric runs in a process of its own, so that its peak memory is its own. Bound: 2
s, 1 GB.
"""

import multiprocessing
import os
import resource
import time

import numpy as np

from helpers import metrics

SIZES = [(1_000, 64), (5_000, 64), (10_000, 64)]
NAMES = ["frechet_distance", "kernel_distance", "precision_recall"]


def measure(name, count, width, pipe):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(count, width)), rng.normal(size=(count, width)) + 0.1
    getattr(metrics, name)(a[:200], b[:200])  # loads BLAS, so that it is not timed
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        getattr(metrics, name)(a, b)
        seconds.append(time.perf_counter() - began)
    pipe.send(
        (sorted(seconds)[1], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    )


def main():
    print(f"{os.cpu_count()} cores, NumPy {np.__version__}; median of three runs")
    print(f"{'metric':<18}{'features':>14}{'seconds':>10}{'peak MB':>10}")
    context = multiprocessing.get_context("spawn")
    for count, width in SIZES:
        for name in NAMES:
            mine, theirs = context.Pipe()
            process = context.Process(target=measure, args=(name, count, width, theirs))
            process.start()
            seconds, megabytes = mine.recv()
            process.join()
            print(
                f"{name:<18}{f'{count:,} x {width}':>14}{seconds:>10.2f}{megabytes:>10.0f}"
            )


if __name__ == "__main__":
    main()
