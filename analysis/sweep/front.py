"""The front door: `sweep(scenario, seeds=..., **grid)`."""

import os
import sys
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from hashlib import blake2b
from operator import index
from pathlib import Path

import numpy as np

from analysis.options import fitted
from analysis.sweep import precision
from analysis.sweep.arguments import cell, present
from analysis.sweep.cluster import cluster as on_cluster
from analysis.sweep.design import Between, points, read_paired
from analysis.sweep.loop import Sending, progress, run_all
from analysis.sweep.origin import headlines, metrics_named, reference, scenario_named
from analysis.sweep.plan import Plan, build, check
from analysis.sweep.pool import LocalPool
from analysis.sweep.results import Sweep
from analysis.sweep.store import Store
from sim.compiled import cold
from sim.record import TABLES
from sim.spelling import unknown

WARM_STEPS = 3
MOST_SEEDS = 256


def sweep(
    scenario,
    *,
    seeds,
    out=None,
    metrics=None,
    twins=None,
    design="grid",
    points=None,
    paired=(),
    design_seed=0,
    series_s=None,
    tables=(),
    until_se=None,
    max_seeds=MOST_SEEDS,
    retry_failed=False,
    processes=None,
    cluster=None,
    executor=None,
    bar=None,
    **grid,
):
    """Run a scenario at every point of a design with every seed, and return the Sweep.

    The same call again goes on where it was stopped, however it was, and repeats nothing that is done. A run that
    fails is a row that says why.

    scenario: a scenario, its name, or FILE.py:NAME
    seeds: of every point
    out: the folder; by default one named by what is asked, in runs/
    metrics: functions Run -> number (one with a field `names`: {name: number}), or names; the headlines by default
    twins: {label: {argument: value}}: runs of the same seed with that changed, beside every run
    design: "grid" crosses lists; "sobol" and "lhs" spread `points` points over all axes
    paired: dicts, or a CSV file with a header, of arguments that change together
    design_seed: of the scrambling of those designs
    series_s: seconds between the rows of each run's series that are kept; None keeps none
    tables: other tables of each run to keep, such as "liquidations"
    until_se: {metric: standard error}: seeds are added to a point until it is reached
    max_seeds: of a point, whatever its standard error
    retry_failed: whether runs that failed before are made again
    processes: of this machine, by default one for each of its cores; 0 runs everything in this one
    cluster: a Dask scheduler's address or scheduler file, or "local"
    executor: a concurrent.futures.Executor of your own
    bar: whether to show a progress bar; by default on a terminal
    grid: {argument: value}; a list or array is an axis, a `Between` one whose values the design chooses. A dotted
        argument, `{"venue.mark": LastPrice()}`, changes a field of a rule
    """
    plan = planned(scenario, seeds, metrics, twins, design, points, paired, design_seed, series_s, tables, grid)
    first = cold()
    precision.check(until_se or {}, plan.metric_names, max_seeds, len(plan.seeds))
    check(plan)
    folder = Path(out) if out else default_folder(plan)
    asked = {"grid": {name: told(value) for name, value in grid.items()}, "design": design, "until_se": until_se}
    most = max_seeds - len(plan.seeds) if until_se else 0
    with Store(plan, folder, asked, most, retry_failed) as store:
        sending = Sending(plan, store.done(), until_se, max_seeds)
        if sending.left():
            warm(plan, first)
            through(sending, store, processes, cluster, executor, bar)
        store.finish(sending.order())
    return Sweep(folder)


def through(sending, store, processes, cluster, executor, bar):
    """Send everything through an executor; what was done is saved, however it ends."""
    wanted = sys.stderr.isatty() if bar is None else bar
    try:
        with workers(processes, cluster, executor) as chosen:
            with progress(sending.total, len(store.known), wanted) as shown:
                run_all(sending, store, chosen, shown)
    finally:
        store.flush()


def planned(scenario, seeds, metrics, twins, design, count, paired, design_seed, series_s, tables, grid):
    """The Plan of what was asked."""
    scenario = scenario_named(scenario)
    axes = {name: values(value) for name, value in grid.items() if is_axis(value)}
    fixed = {name: scalar(value) for name, value in grid.items() if not is_axis(value)}
    together = columns_together(scenario, paired)
    measured = headlines() if metrics is None else [metrics] if callable(metrics) else several(metrics)
    measured = [each for word in measured for each in (metrics_named([word]) if isinstance(word, str) else [word])]
    made = Plan(
        scenario=scenario,
        points=tuple(points(axes, design, count, together, design_seed)),
        seeds=whole(seeds),
        metrics=tuple(measured),
        fixed=fixed,
        twins={label: dict(change) for label, change in (twins or {}).items()},
        tables=kept(series_s, several(tables)),
        origin=reference(scenario),
        references=tuple(map(reference, measured)),
    )
    return made


def whole(seeds):
    """(seed,) of what was given for them; TypeError, one sentence, if it is not several whole numbers."""
    try:
        return tuple(index(seed) for seed in seeds)
    except TypeError:
        raise TypeError(f"seeds must be several whole numbers (got {seeds!r}); say range(8)") from None


def several(words):
    """Words, or only one."""
    return [words] if isinstance(words, str) else words


def columns_together(scenario, paired):
    """[{argument: value}] of paired columns: dicts as they are, the texts of a CSV file as the scenario wants them."""
    if not isinstance(paired, (str, Path)):
        return [dict(each) for each in paired]
    rows = read_paired(paired)
    return [{name: meant(scenario, name, word, paired) for name, word in row.items()} for row in rows]


def meant(scenario, name, word, file):
    """What a word of a column of a file says; ValueError, one sentence, if it cannot be said there."""
    default = present(scenario, name)
    try:
        return fitted(word, default)
    except ValueError as error:
        raise ValueError(f"{file}: {name} {error}") from None


def is_axis(value):
    """Whether a value given for an argument stands for several: a list, a range, an array, a Between."""
    return isinstance(value, (list, range, Between)) or isinstance(value, np.ndarray) and value.ndim > 0


def values(axis):
    """An axis as a list of plain values, or a Between."""
    if isinstance(axis, np.ndarray) and axis.ndim > 1:
        raise ValueError(f"an array must have one dimension to be an axis (got {axis.ndim}); say list(array)")
    return axis if isinstance(axis, Between) else [scalar(each) for each in axis]


def scalar(value):
    """A number of numpy's as a plain one; anything else as it is."""
    return value.item() if isinstance(value, (np.generic, np.ndarray)) and value.ndim == 0 else value


def told(value):
    """A value of the grid as about.json has it."""
    several = is_axis(value) and not isinstance(value, Between)
    return [str(cell(each)) for each in values(value)] if several else str(cell(value))


def kept(series_s, tables):
    """{table: seconds between its rows, 0 for all} of what is kept of each run."""
    known = [name for name in TABLES if name not in ("series", "accounts", "fills")] + ["accounts", "fills"]
    for name in tables:
        if name not in known:
            raise ValueError(unknown("table to keep", name, known))
    if series_s is not None and not series_s > 0:
        raise ValueError(f"series_s must be above zero (got {series_s}); leave it out to keep no series")
    return ({"series": float(series_s)} if series_s else {}) | dict.fromkeys(tables, 0.0)


def default_folder(plan):
    """The folder named by what is asked, so that the same question finds its answer."""
    whole = [plan.ids(point, seed) for point in range(len(plan.points)) for seed in plan.seeds]
    digest = blake2b(repr([whole, plan.identity()]).encode(), digest_size=4).hexdigest()
    return Path(f"runs/sweep-{plan.scenario.__name__}-{digest}")


def warm(plan, first):
    """Compile here, once, what every worker would else compile for itself, if this is the `first` use of the code."""
    if first:
        market = build(plan)
        for _ in range(min(WARM_STEPS, market.length)):
            market.step()


@contextmanager
def workers(processes, cluster, executor):
    """Yield the executor that was asked for; one made here is shut down, at once where something went wrong."""
    if sum(each is not None for each in (processes if cluster != "local" else None, cluster, executor)) > 1:
        raise ValueError("a sweep must run on processes, a cluster or an executor, not on several; name one")
    if executor is not None:
        yield executor
    elif cluster is not None:
        with on_cluster(cluster, processes or cores()) as dask:
            yield dask
    elif processes == 0:
        yield Here()
    else:
        pool = LocalPool(cores() if processes is None else processes)
        try:
            pool.start()
            yield pool
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
        pool.shutdown()


class Here(Executor):
    """This process, one call after the other: for a debugger, or where there may be no others."""

    def submit(self, function, /, *args, **kwargs):
        """A Future of what was done already."""
        future = Future()
        try:
            future.set_result(function(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future

    def workers(self):
        """One, and it is given one job at a time."""
        return 1 / 2


def cores():
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
