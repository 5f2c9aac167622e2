"""One-line bugs, each planted in a copy of the project: do the tests notice?

    python -m tests.mutants [--only WORD] [--processes 2]

Each bug runs the few tests that should catch it: uncompiled where they are small, else compiled anew, which takes
most of a minute. About ten minutes on two cores. First the same tests run without any bug. The exit status is not
zero if a bug is missed.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

HOME = Path(__file__).resolve().parent.parent
COPIED = ("sim", "agents", "scenarios", "analysis", "tests", "pyproject.toml")
LIMIT_S = 600


class Mutant(NamedTuple):
    """One bug: `old` occurs once in the file; tests: a file and what `-k` selects there."""

    bug: str
    file: str
    old: str
    new: str
    tests: tuple
    compiled: bool = False


TWIN, ENGINE = "tests/test_twin.py", "tests/test_engine.py"
CROWDS, MARKET = "tests/test_crowds.py", "tests/test_market.py"
GENEALOGY, LEGS = "tests/test_genealogy.py", "tests/test_spot_legs.py"

MUTANTS = (
    Mutant("makers pay the taker's fee", "sim/book.py", "maker_lot, -size, units, terms.maker_fee)",
           "maker_lot, -size, units, terms.taker_fee)", (TWIN, "entry")),
    Mutant("orders live on after a takeover", "sim/risk.py", "    now.cancels += cancel_all(x, i)\n", "",
           (TWIN, "isolated")),
    Mutant("priority reversed", "sim/orders.py", "keys[at - 1] > ranks[r]", "keys[at - 1] < ranks[r]",
           (TWIN, "cross")),
    Mutant("fees rounded down", "sim/ledger.py", "abs(size * units) * fee_rate + 0.5)", "abs(size * units) * fee_rate)",
           (TWIN, "entry")),
    Mutant("shares rounded up", "sim/ledger.py", "* part // whole", "* part // whole + 1", (TWIN, "isolated")),
    Mutant("funding booked twice", "sim/ledger.py", "    account.seen = now.funding_index\n", "", (TWIN, "isolated")),
    Mutant("funding the wrong way", "sim/ledger.py",
           "owed = account.contracts * (now.funding_index - account.seen)\n    account.seen",
           "owed = account.contracts * (account.seen - now.funding_index)\n    account.seen", (TWIN, "isolated")),
    Mutant("stops fire a tick late", "sim/orders.py",
           "due = at <= tick and at < ticks", "due = at < tick and at < ticks",
           (TWIN, "isolated")),
    Mutant("the fund pays what it should gain", "sim/book.py", "x.accounts[FUND].wallet += result",
           "x.accounts[FUND].wallet -= result", (TWIN, "isolated")),
    Mutant("more drawn than allowed", "sim/engine.py", "math.floor(max(purse, 0.0) / loss)",
           "math.ceil(max(purse, 0.0) / loss)", (TWIN, "little")),
    Mutant("the engine forgets its pace", "sim/engine.py",
           "wanted = min(budget, abs(lot.open))", "wanted = abs(lot.open)",
           (TWIN, "paced")),
    Mutant("losers are deleveraged first", "sim/deleverage.py", "np.argsort(-bitmex_score", "np.argsort(bitmex_score",
           (ENGINE, "")),
    Mutant("no closing fee in maintenance", "sim/risk.py",
           "base * (x.tiers[row, 1] + terms.closing_fee) - x.tiers[row, 3]",
           "base * x.tiers[row, 1] - x.tiers[row, 3]", (TWIN, "entry")),
    Mutant("longs looked at too late", "sim/risk.py", "min(math.ceil(at) + 1, last) if row == LONGS",
           "min(math.ceil(at) - 3, last) if row == LONGS", (TWIN, "isolated")),
    Mutant("an overload refuses cancels", "sim/orders.py", "message.action != REPLACE:\n        return False",
           "message.action != REPLACE:\n        return True", (TWIN, "overloaded")),
    Mutant("dice reused within a step", "sim/streams.py", "np.uint64(step), np.uint64(block),",
           "np.uint64(step), np.uint64(0),", ("tests/test_streams.py", "")),
    Mutant("the spot leg is not paid", "sim/spot.py", "    holding.usd -= usd_units\n", "", (LEGS, "no_unit")),
    Mutant("a transfer is not booked out", "sim/spot.py",
           "            bring(s, holding.transit)\n", "", (LEGS, "no_unit")),
    Mutant("interest pushes away", "sim/funding.py", "self.interest - premium, -self.damper",
           "premium - self.interest, -self.damper", ("tests/test_funding.py", "")),
    Mutant("shorts pay a positive rate", "sim/stamps.py", "self.total += self.rate", "self.total -= self.rate",
           (MARKET, "longs_pay")),
    Mutant("any impact makes a parent", "sim/genealogy.py", "return max(0.0, sign * (lot", "return abs(sign * (lot",
           (GENEALOGY, "drawn")),
    Mutant("impact on spot never fades", "sim/genealogy.py", "        lot.live_spot_usd *= factor\n", "",
           (GENEALOGY, "fades")),
    Mutant("who would fall anyway has a parent", "sim/risk.py", "        return -1\n    return parent(",
           "        pass\n    return parent(", (GENEALOGY, "recovered")),
    Mutant("a step too late awake", "sim/wheel.py",
           "now.step + 1 + math.floor(waited)", "now.step + 2 + math.floor(waited)",
           (CROWDS, "waking_costs"), True),
    Mutant("stops on the wrong side", "agents/sending.py", "(RISING if size > 0 else FALLING)",
           "(FALLING if size > 0 else RISING)", (CROWDS, "stop_closes"), True),
    Mutant("arbitrageurs double their risk", "agents/arbitrage.py", "wanted = -(contracts - me.hedged) * each",
           "wanted = (contracts - me.hedged) * each", (CROWDS, "arbitrageurs_stay or spot_leg"), True),
    Mutant("makers lean the wrong way", "agents/makers.py", "(1.0 - 1e-4 * me.skew_bps", "(1.0 + 1e-4 * me.skew_bps",
           (CROWDS, "lean"), True),
    Mutant("longs sell", "agents/leveraged.py", "size = size if me.side > 0.0 else -size",
           "size = -size if me.side > 0.0 else size", (CROWDS, "enter_on"), True),
    Mutant("coin from outside arrives at once", "agents/leveraged.py", "now.time_s >= me.arrives_s",
           "now.time_s >= 0.0", (CROWDS, "come_back"), True),
    Mutant("trade during a halt", "sim/market.py", "        if not halted:\n", "        if True:\n",
           (MARKET, "halt"), True),
    Mutant("funding owed counted as won", "sim/outcome.py", "now.mark_units - owed)", "now.mark_units + owed)",
           (MARKET, "hourly or stamps or kinds"), True),
    Mutant("positions not filed anew after funding", "sim/stamps.py", "        self.file_again(x)\n", "",
           (MARKET, "nobody_is_left"), True),
    Mutant("another account's dice", "agents/noise.py",
           "uniform4(key[0], key[1], i - first,", "uniform4(key[0], key[1], i,",
           (CROWDS, "sleeps and Noise"), True),
)  # fmt: skip


def pytest(folder, tests, compiled):
    """Return how pytest ended in a folder: 0 all passed, 1 some failed, another if it could not run."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "NUMBA_DISABLE_JIT": str(int(not compiled))}
    environment.pop("NUMBA_CACHE_DIR", None)
    file, chosen = tests
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", file, "-k", chosen or "test"]
    try:
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=LIMIT_S).returncode
    except subprocess.TimeoutExpired:
        return 1


def planted(mutant):
    """Return whether the tests notice a mutant, or for None at once why they could not; and the seconds it took."""
    since = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="perpsim-mutant-") as name:
        folder = Path(name)
        copy(folder)
        source = (folder / mutant.file).read_text(encoding="utf-8")
        if source.count(mutant.old) != 1:
            return mutant, f"BROKEN: the line is there {source.count(mutant.old)} times", time.monotonic() - since
        (folder / mutant.file).write_text(source.replace(mutant.old, mutant.new), encoding="utf-8")
        ended = pytest(folder, mutant.tests, mutant.compiled)
        said = {0: "MISSED", 1: "caught"}.get(ended, f"BROKEN: pytest ended with {ended}")
        return mutant, said, time.monotonic() - since


def copy(folder):
    """Copy what the tests need."""
    for name in COPIED:
        source = HOME / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)


def sound(chosen):
    """Return the selections that fail without any bug."""
    with tempfile.TemporaryDirectory(prefix="perpsim-mutant-") as name:
        copy(Path(name))
        selections = sorted({(mutant.tests, mutant.compiled) for mutant in chosen}, key=lambda each: each[1])
        return [tests for tests, compiled in selections if pytest(Path(name), tests, compiled) != 0]


def main():
    """Run, print and exit."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", help="bugs whose description or file holds this word")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS if options.only in f"{mutant.bug} {mutant.file}"]
    failing = sound(chosen)
    for tests in failing:
        print("FAILS WITHOUT A BUG", *tests)
    bad = len(failing)
    with ThreadPoolExecutor(options.processes) as pool:
        for mutant, said, seconds in pool.map(planted, chosen):
            print(f"{seconds:5.0f} s  {mutant.file:22} {mutant.bug:42} {said}", flush=True)
            bad += said != "caught"
    print(f"{len(chosen)} bugs, {bad} not caught or not sound")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
