#!/usr/bin/env python3
"""Makes statistics.csv, the table that ../../src/full/statistics.rs is compared with. Needs numpy; run it as
`python3 statistics.py > statistics.csv`. Each figure comes from a library where one has it."""

import sys
sys.path.pop(0)  # this file has the name of the library that it needs

import random
import statistics
import numpy

random.seed(25000)
LISTS = [
    [10, 90, 10, 90, 10, 90],
    [1, 2],
    [5, 5, 5, 5],
    [0.046, 0.051, 0.049, 1.204, 0.05],
    list(range(1, 101)),
]
for size in (3, 10, 37, 100, 211):
    LISTS.append([round(random.lognormvariate(0, 1), 6) for _ in range(size)])


def jitter(times):
    """The code of RFC 3550, appendix A.8, with a round trip time for the transit time."""
    estimate, transit = 0.0, times[0]
    for arrival in times[1:]:
        d = abs(arrival - transit)
        transit = arrival
        estimate += (1.0 / 16.0) * (d - estimate)
    return estimate


print("figure,value,times")
for times in LISTS:
    figures = {
        "min": min(times),
        "mean": statistics.fmean(times),
        "median": statistics.median(times),
        "p90": numpy.percentile(times, 90),
        "p99": statistics.quantiles(times, n=100, method="inclusive")[98],
        "max": max(times),
        "standard_deviation": statistics.stdev(times),
        "mean_consecutive_difference": numpy.abs(numpy.diff(times)).mean(),
        "jitter": jitter(times),
    }
    for figure, value in figures.items():
        print(figure, float(value), *times, sep=",")
