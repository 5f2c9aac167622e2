"""An existing Dask cluster, or one of this machine's cores, as a `concurrent.futures.Executor`."""

from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path

from analysis.sweep.pool import WorkerDied


@contextmanager
def cluster(address, processes):
    """Yield an executor on the cluster at `address`: a scheduler's tcp:// address, its scheduler file, or "local".

    processes: workers of a local cluster. ImportError or OSError, one sentence, where there is none.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise ImportError("a cluster needs Dask; install it with pip install 'perpsim[dask]'") from error
    if address == "local":
        own = LocalCluster(n_workers=processes, threads_per_worker=1, dashboard_address=None)
        with own, Client(own) as client:
            yield OnDask(client, lambda: own.scale(processes))
        return
    asked = {"scheduler_file": address} if address.endswith(".json") else {"address": address}
    if "scheduler_file" in asked and not Path(address).is_file():
        raise FileNotFoundError(f"a scheduler file must exist (got {address}); start the scheduler first")
    try:
        client = Client(**asked, timeout="20s")
    except (OSError, ValueError) as error:
        raise OSError(f"no Dask scheduler answers at {address} ({error}); start it, or give its address") from error
    with client:
        yield OnDask(client)


class OnDask(Executor):
    """Dask's own executor; jobs whose workers died as often as the scheduler allows raise WorkerDied."""

    def __init__(self, client, mend=lambda: None):
        self.client, self.inner, self.mend = client, client.get_executor(pure=False), mend

    def submit(self, function, /, *args, **kwargs):
        """A Future of the call, tried again by the scheduler when its worker dies."""
        return self.inner.submit(function, *args, **kwargs)

    def workers(self):
        """How many calls run at once now; clusters that grow with what waits see some wait."""
        there = sum(self.client.ncores().values())
        if not there:
            self.mend()  # a nanny whose worker dies while it starts gives up, and the last one gone leaves us waiting
        return max(there, 8)

    def failed(self, error):
        """The error as a sweep knows it."""
        return WorkerDied(str(error)) if type(error).__name__ == "KilledWorker" else error

    def shutdown(self, wait=True, *, cancel_futures=False):
        """Forget what was not done, as Dask's own executor does."""
        self.inner.shutdown(wait=wait)
