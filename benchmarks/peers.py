"""Peers doing the same work in the same run, each in a process of its own, and how many times as fast we are.

Their books match the same flow as ours, message for message, which the volume traded proves; ours also margins, charges
and settles. Where agents decide, each peer has its own loop and its own simplest trader; ours are noise traders in a
whole market. PAMS and bourse need libraries older than ours, so they live in an environment of their own, which `make
bench` makes; without it they are left out, and that is said.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks import book, timing
from benchmarks.flow import rounds
from benchmarks.markets import busy_noise
from benchmarks.plain import replay
from benchmarks.timing import HOME, Line

THEIRS = Path(os.environ.get("PEERS", HOME / ".venv-peers"))
"""The environment in which PAMS and bourse are installed (benchmarks/peers.txt)."""


@dataclass(frozen=True)
class Peer:
    """One way in which a peer does the work.

    key:     of the ratio in the JSON
    module, kind: what to run
    size, count: owners or traders, and rounds or steps of each repetition
    matches: it trades the flow of `benchmarks.flow` message for message, so that its volume can be checked
    foreign: it needs the peers' own environment
    """

    key: str
    what: str
    module: str
    size: int
    count: int
    kind: str = ""
    matches: bool = False
    foreign: bool = True


BOOKS = (
    Peer("plain_python", "a plain book in Python", "plain", 10_000, 5, matches=True, foreign=False),
    Peer("bourse", "bourse, a call a message", "on_bourse", 10_000, 5, "book", True),
    Peer("bourse_arrays", "bourse, arrays a step, no cancels", "on_bourse", 10_000, 20, "step"),
    Peer("pams", "PAMS", "on_pams", 1_000, 2, "book", True),
)
DECIDING = (
    Peer("mesa_agents", "Mesa, an object a trader, and the plain book", "on_mesa", 10_000, 5, foreign=False),
    Peer("bourse_agents", "bourse, an object a trader", "on_bourse", 10_000, 5, "objects"),
    Peer("bourse_agents_arrays", "bourse, traders as arrays", "on_bourse", 10_000, 20, "arrays"),
    Peer("pams_agents", "PAMS, an object a trader", "on_pams", 300, 5, "agents"),
)


def measure():
    """Lines of the table."""
    yield from compared(BOOKS, ours_matching, "messages")
    yield from compared(DECIDING, ours_deciding, "decisions")


def compared(peers, ours, what):
    """Lines of some peers, each beside what we do of the same size."""
    rates = {}
    for peer in peers:
        if peer.size not in rates:
            rates[peer.size] = ours(peer.size)
            yield Line("peers", f"ours, {what} a second, {peer.size:,}", 1e-6 * rates[peer.size], "M/s")
        found = run(peer)
        if found is None:
            yield Line("peers", f"{peer.what}: left out, not installed", float("nan"), "")
            continue
        rate, spread = found
        yield Line("peers", f"{peer.what}, {peer.size:,}", 1e-6 * rate, "M/s", spread)
        times = rates[peer.size] / rate
        yield Line("peers", "  ours over that", times, "x", target=1.0, at_least=True, key=f"to_{peer.key}")


def run(peer):
    """(messages or decisions a second at best, spread); None where the peer is not installed."""
    python = sys.executable
    if peer.foreign:
        python = THEIRS / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        if not python.exists():
            return None
    words = [peer.kind] * bool(peer.kind) + [str(peer.size), str(peer.count), str(timing.REPEATS)]
    environment = os.environ | {"PYTHONPATH": str(HOME)}
    command = [python, "-m", f"benchmarks.{peer.module}", *words]
    done = subprocess.run(command, cwd=HOME, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{peer.what} must end well (got status {done.returncode}): {done.stderr[-800:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    if peer.matches:
        volume = replay(rounds(peer.size, peer.count)).volume
        assert found["volume"] == volume, f"{peer.what} must trade {volume} contracts (got {found['volume']})"
    least, most = min(found["seconds"]), max(found["seconds"])
    return found["count"] / least, most / least - 1.0


def ours_matching(size):
    """Messages a second through our book."""
    return book.rate(size, max(5, 50_000 // size))


def ours_deciding(size, steps=20):
    """Decisions a second of noise traders, everything that follows from them included."""
    market = busy_noise(accounts=size)
    for _ in range(steps):
        market.step()

    def work():
        for _ in range(steps):
            market.step()

    seconds, _ = timing.best(work)
    return size * steps / seconds
