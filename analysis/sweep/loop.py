"""The sweep itself: hand out jobs, take in rows, never lose one."""

import pickle
from collections import Counter, deque
from concurrent.futures import FIRST_COMPLETED, wait
from contextlib import contextmanager

import cloudpickle

from analysis.sweep import precision
from analysis.sweep.pool import WorkerDied
from analysis.sweep.work import Spec, work

TRIES = 3  # of a job whose worker dies
LOOK_S = 0.5  # between two looks at whether a part is due
AHEAD = 2  # jobs handed out for each worker, so that none waits for us


class Sending:
    """The jobs of a plan that are still to be done, seeds that standard errors ask for included.

    values: {(point, seed): {metric: number}} of the base runs that are done; most: seeds of a point
    """

    def __init__(self, plan, values=None, targets=None, most=0):
        self.plan, self.values, self.targets, self.most = plan, dict(values or {}), targets or {}, most
        self.seeds = [list(plan.seeds) for _ in plan.points]
        self.todo = deque((point, seed) for point, seeds in enumerate(self.seeds) for seed in seeds)
        self.total = len(plan.labels) * len(self.todo)
        for point in range(len(self.seeds)) if self.targets else ():
            self.grow(point)

    def next(self):
        """The next Job that is not done, or None if there is none for now."""
        while self.todo:
            place = self.todo.popleft()
            if place not in self.values:
                return self.plan.job(*place)
        return None

    def left(self):
        """Whether any job is still to be done."""
        return any(place not in self.values for place in self.todo)

    def done(self, point, seed, row):
        """Note the base row of a finished job."""
        self.values[point, seed] = row["metrics"]
        if self.targets:
            self.grow(point)

    def grow(self, point):
        """Add seeds to a point whose seeds are all done, as long as its standard errors ask for them."""
        seeds = self.seeds[point]
        while all((point, seed) in self.values for seed in seeds):
            numbers = {
                name: [self.values[point, seed].get(name, float("nan")) for seed in seeds] for name in self.targets
            }
            more = precision.wanted(numbers, self.targets, self.most) - len(seeds)
            if more <= 0:
                return
            first = max(self.plan.seeds) + 1 + len(seeds) - len(self.plan.seeds)
            added = range(first, first + more)
            seeds += added
            self.todo.extendleft((point, seed) for seed in reversed(added))
            self.total += len(self.plan.labels) * more

    def order(self):
        """[run_id] of the whole sweep in the order of its plan."""
        places = ((point, seed) for point, seeds in enumerate(self.seeds) for seed in seeds)
        return [run_id for place in places for run_id in self.plan.ids(*place)]


def run_all(sending, store, executor, bar):
    """Do every job. Whatever stops it, rows of what was done are in the store, or in a journal that it reads."""
    hand = Handing(sending, store, executor)
    while hand.out() or hand.live:
        finished, _ = wait(hand.live, timeout=LOOK_S, return_when=FIRST_COMPLETED)
        for future in finished:
            job, rows = hand.back(future)
            if rows:
                store.add(job.point, job.seed, rows)
                sending.done(job.point, job.seed, rows[0])
                bar(len(rows), sending.total, sum(row["status"] == "failed" for row in rows))
        store.flush_when_due()


class Handing:
    """Jobs that are with an executor, and those that it must be given again."""

    def __init__(self, sending, store, executor):
        self.sending, self.store, self.executor, plan = sending, store, executor, sending.plan
        twins, folder = tuple(plan.twins), str(store.folder)
        self.spec = pickle.dumps(Spec(plan.origin, plan.references, twins, plan.tables, folder, plan.code))
        self.live, self.again, self.tries = {}, [], Counter()

    def out(self):
        """Hand out jobs until each worker has some to do; returns whether there are any out."""
        plan, room = self.sending.plan, AHEAD * getattr(self.executor, "workers", lambda: 8)()
        while len(self.live) < room and (job := self.again.pop() if self.again else self.sending.next()):
            self.tries[job.ids] += 1
            changes = {label: plan.change(job.arguments, label) for label in plan.twins}
            sent = cloudpickle.dumps(job), cloudpickle.dumps(changes)
            self.live[self.executor.submit(work, self.spec, *sent, self.tries[job.ids])] = job
        return bool(self.live)

    def back(self, future):
        """(job, rows) of a finished future; no rows where the job is to be done again."""
        job, error = self.live.pop(future), future.exception()
        if error is None:
            return job, future.result()
        final = hasattr(self.executor, "failed")  # it tries again by itself
        error = self.executor.failed(error) if final else error
        if not isinstance(error, WorkerDied):
            raise error
        if rows := self.store.journalled_rows(job.ids):  # it died after the work was done
            return job, rows
        if self.tries[job.ids] < TRIES and not final:
            self.again.append(job)
            return job, None
        return job, died(job)


def died(job):
    """The rows of a job that killed its worker every time."""
    error = f"WorkerDied: {TRIES} times in a row the worker died while it ran this (out of memory, or a crash?)"
    made = {"status": "failed", "error": error, "metrics": {}, "meta": {"meta_attempt": TRIES}}
    return [{"run_id": run_id, **made} for run_id in job.ids]


@contextmanager
def progress(total, done, wanted):
    """Yield a function (runs more, of how many, of these failed) that draws a bar with its rate and the time left."""
    if not wanted:
        yield lambda *_: None
        return
    from tqdm import tqdm

    with tqdm(total=total, initial=done, unit=" runs", smoothing=0.1, dynamic_ncols=True) as drawn:
        failed = 0

        def bar(more, of, bad):
            nonlocal failed
            failed += bad
            drawn.total = of
            if failed:
                drawn.set_postfix_str(f"{failed} failed", refresh=False)
            drawn.update(more)

        yield bar

