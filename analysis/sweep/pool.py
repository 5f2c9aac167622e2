"""This machine's cores as a `concurrent.futures.Executor` that no death of a process breaks.

A stock process pool is dead once one of its processes is, with all that waited in it. Here each process is a pool of
its own, so that a death costs the job that was running and nothing else, and it is known which one that was.
"""

import os
import signal
import threading
from collections import deque
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from typing import NamedTuple

START_S = 30.0  # in which a process that starts can be told to end


class WorkerDied(RuntimeError):
    """The process that ran a job is gone: killed, out of memory, or crashed."""


class LocalPool(Executor):
    """`processes` workers, each replaced when it dies; what it was running raises WorkerDied."""

    def __init__(self, processes):
        if processes < 1:
            raise ValueError(f"processes must be at least one (got {processes})")
        self.lanes = [Lane() for _ in range(processes)]

    def submit(self, function, /, *args, **kwargs):
        """A Future of the call, made by the process that has least to do."""
        return min(self.lanes, key=lambda lane: len(lane.waiting)).submit(function, args, kwargs)

    def workers(self):
        """How many calls run at once."""
        return len(self.lanes)

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
        for lane in self.lanes:
            lane.shutdown(wait, cancel_futures)


class Call(NamedTuple):
    """A call that waits for its process, or runs in it."""

    future: Future
    function: object
    args: tuple
    kwargs: dict


class Lane:
    """One process, and the calls that wait for it; the first of these is the one it is running."""

    def __init__(self):
        self.lock, self.waiting, self.broken, self.closed = threading.RLock(), deque(), [], False
        self.generation, self.pool, self.pid, self.sent = 0, new_process(), None, 0

    def submit(self, function, args, kwargs):
        """A Future of a call."""
        call = Call(Future(), function, args, kwargs)
        with self.lock:
            self.waiting.append(call)
            self.send(call)
        return call.future

    def send(self, call):
        """Give a call to the process; if that died idle, to a new one."""
        try:
            with deaf():
                if self.pid is None:
                    self.pid = self.pool.submit(os.getpid)
                inner = self.pool.submit(call.function, *call.args, **call.kwargs)
        except BrokenProcessPool:
            if self.sent:  # it died at work: `receive` is about to hear of it, and sends all that waits again
                return
            self.replace()
            self.send(call)
            return
        generation, self.sent = self.generation, self.sent + 1
        inner.add_done_callback(lambda done: self.receive(generation, call, done))

    def replace(self):
        """A new process in the place of a dead one. The broken pool ends by itself, and is kept: it may hold its lock
        while we hear of its end, as from Python 3.12 on, and asking it to, or letting it go, would wait for that."""
        self.broken.append(self.pool)
        self.generation, self.pool, self.pid, self.sent = self.generation + 1, new_process(), None, 0

    def receive(self, generation, call, done):
        """Hand on what came of a call; when the process died, blame the first and send the others again."""
        with self.lock:
            if generation != self.generation or done.cancelled():
                return
            error, self.sent = done.exception(), self.sent - 1
            if isinstance(error, BrokenProcessPool):
                guilty = self.waiting.popleft()
                if not self.closed:
                    self.replace()
                    fresh = self.generation
                    for each in list(self.waiting):
                        if fresh == self.generation:  # it did not die again meanwhile, and all be sent by that
                            self.send(each)
            else:
                self.waiting.remove(call)
        if isinstance(error, BrokenProcessPool):
            guilty.future.set_exception(WorkerDied("the worker died while it ran this (killed, or out of memory?)"))
        elif error is not None:
            call.future.set_exception(error)
        else:
            call.future.set_result(done.result())

    def shutdown(self, wait, kill):
        """End the process."""
        with self.lock:
            self.closed = True
            pid = self.pid
        if kill and pid is not None:
            try:
                os.kill(pid.result(START_S), getattr(signal, "SIGKILL", signal.SIGTERM))
            except (ProcessLookupError, BrokenProcessPool, TimeoutError, CancelledError):  # it is not there to kill
                pass
        self.pool.shutdown(wait=wait and not kill, cancel_futures=kill)


def new_process():
    """A pool of one process, started when it is first given something to do."""
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=watch)


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
