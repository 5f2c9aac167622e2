"""This machine's cores as a `concurrent.futures.Executor` that no death of a process breaks.

A stock process pool is dead once one of its processes is, with all that waited in it. Here each process is a pool of
its own, so that a death costs the job that was running and nothing else, and it is known which one that was.
"""

import os
import signal
import threading
from concurrent.futures import CancelledError, Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from queue import LifoQueue

START_S = 30.0  # in which a process that starts can be told to end


class WorkerDied(RuntimeError):
    """The process that ran a job is gone: killed, out of memory, or crashed."""


class LocalPool(Executor):
    """`processes` workers, each replaced when it dies; what it was running raises WorkerDied."""

    def __init__(self, processes):
        if processes < 1:
            raise ValueError(f"processes must be at least one (got {processes})")
        self.threads, self.processes = ThreadPoolExecutor(processes), [Process() for _ in range(processes)]
        self.idle = LifoQueue()
        for process in reversed(self.processes):
            self.idle.put(process)

    def submit(self, function, /, *args, **kwargs):
        """A Future of the call, made by the first process that is idle."""
        return self.threads.submit(self.call, function, args, kwargs)

    def call(self, function, args, kwargs):
        """What comes of a call in an idle process, in a thread that waits for it."""
        process = self.idle.get()
        try:
            return process.call(function, args, kwargs)
        finally:
            self.idle.put(process)

    def workers(self):
        """How many calls run at once."""
        return len(self.processes)

    def start(self):
        """See that a process can start at all; ChildProcessError, one sentence, if not."""
        try:
            self.submit(os.getpid).result()
        except WorkerDied:
            raise ChildProcessError(
                "a worker must be able to start, but died at once; in a script of yours put the call of sweep under "
                "`if __name__ == '__main__':`, for every worker imports that script"
            ) from None

    def shutdown(self, wait=True, *, cancel_futures=False):
        """End the processes: once idle, or at once with `cancel_futures`."""
        self.threads.shutdown(wait and not cancel_futures, cancel_futures=cancel_futures)
        for process in self.processes:
            process.end(wait, cancel_futures)


class Process:
    """A process that makes one call at a time: a stock pool of one, replaced when it is broken."""

    def __init__(self):
        self.lock, self.pool, self.pid, self.closed = threading.Lock(), None, None, False

    def call(self, function, args, kwargs):
        """What comes of a call; WorkerDied if the process died meanwhile."""
        try:
            running = self.send(function, args, kwargs)
        except BrokenProcessPool:  # it died idle
            self.pool = None
            running = self.send(function, args, kwargs)
        try:
            return running.result()
        except BrokenProcessPool:
            self.pool = None
            raise WorkerDied("the worker died while it ran this (killed, or out of memory?)") from None

    def send(self, function, args, kwargs):
        """A Future of the call in the process, which is started if there is none."""
        with self.lock, deaf():
            if self.closed:
                raise WorkerDied("the workers were told to end before this was begun")
            if self.pool is None:
                self.pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=watch)
                self.pid = self.pool.submit(os.getpid)
            return self.pool.submit(function, *args, **kwargs)

    def end(self, wait, kill):
        """End the process, in the middle of a call with `kill`."""
        with self.lock:
            self.closed, pool = True, self.pool
        if pool is None:
            return
        if kill:
            try:
                os.kill(self.pid.result(START_S), getattr(signal, "SIGKILL", signal.SIGTERM))
            except (ProcessLookupError, BrokenProcessPool, TimeoutError, CancelledError):  # it is not there to kill
                pass
        pool.shutdown(wait=wait and not kill, cancel_futures=kill)


@contextmanager
def deaf():
    """A process that is started in the block does not hear Ctrl-C, not even before it can say that it will not."""
    mask = getattr(signal, "pthread_sigmask", None)  # not on Windows
    before = mask(signal.SIG_BLOCK, [signal.SIGINT]) if mask else None
    try:
        yield
    finally:
        if mask:
            mask(signal.SIG_SETMASK, before)


def watch():
    """Leave Ctrl-C to the parent, and end when it does: however it died, no worker stays behind."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=follow, daemon=True).start()


def follow():
    """Wait for the parent's end, then end at once."""
    parent_process().join()
    os._exit(0)
