"""The same seed is the same run, bit for bit: in two processes, and beside another market in one."""

import os
import subprocess
import sys
from pathlib import Path

from tests.storm import brew, same, storm

HOME = Path(__file__).resolve().parent.parent
DIGEST = """
import hashlib, json
from scenarios.march_2020 import march_2020
from sim.record import plain
from tests.storm import storm
small = dict(hours=11.0, step_s=30.0, longs=100, shorts=80, hedgers=10, bargain_hunters=30, noise=50, makers=4)
for run in (storm(seed=4, fills=True, fund_coin=0.5).run(), march_2020(seed=4, arbitrageurs=4, **small).run()):
    tables = run.series, run.liquidations, run.funding, run.adl, run.accounts, run.fills
    print(hashlib.sha256(b"".join(table.tobytes() for table in tables)).hexdigest(), len(run.fills), len(run.adl))
    print(hashlib.sha256(json.dumps(plain(run.about), sort_keys=True).encode()).hexdigest())
"""


def test_two_processes_leave_the_same_bits():
    said = []
    for salt in ("0", "12345"):
        environment = {**os.environ, "PYTHONHASHSEED": salt, "PYTHONPATH": str(HOME)}
        done = subprocess.run([sys.executable, "-c", DIGEST], cwd=HOME, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    assert said[0] == said[1] and len(said[0].splitlines()) == 4


def test_markets_stepped_in_turn_do_not_touch_each_other():
    alone = [storm(seed=7, fills=True).run(), brew(seed=8, hours=0.4, fund_coin=1.0).run()]
    markets = [storm(seed=7, fills=True), brew(seed=8, hours=0.4, fund_coin=1.0)]
    while any(market.clock < market.length for market in markets):
        for market in markets:
            if market.clock < market.length:
                market.step()
    for market, run in zip(markets, alone, strict=True):
        same(market.run(), run)


def test_a_run_does_not_draw_from_a_shared_generator():
    import random

    import numpy as np

    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    first = storm(seed=2).run()
    random.seed(2)
    np.random.seed(2)  # noqa: NPY002
    same(first, storm(seed=2).run())
