"""Pictures that compare: rules, contracts, venues, arguments, and who pays."""

from dataclasses import replace
from functools import partial

from analysis import compare, figures
from analysis.gallery.picture import SEED, Call, Picture
from analysis.phase import Axis, refined
from analysis.sensitivity import morris, sobol
from analysis.signals.card import card
from analysis.signals.verdict import tried
from analysis.studies.funding_rules import RULES
from analysis.summary import liquidated_turns
from analysis.sweep import Between
from scenarios import adl_waterfall, calm, crowded_longs, long_squeeze
from sim.contract import Inverse, Linear, Power, Quanto
from sim.venues import BITMEX

SPOT = 8_000.0
CONTRACTS = {
    "inverse": Inverse(),
    "linear": Linear(unit=1e-9),
    "quanto": Quanto(),
    "power, p = \N{MINUS SIGN}1": Power(p=-1.0, scale=1e8, unit=1e-9),
    "power, p = 2": Power(p=2.0, scale=1e-4, unit=1e-9),
}
SHOWN = ("none", "BitMEX", "Binance", "Deribit (of the mid)", "Kraken", "Hyperliquid", "dYdX v4", "PID on the basis")
CROWDED = {"hours": 12.0, "step_s": 15.0, "record_every": 4}
WATERFALL = Call(scenario=adl_waterfall)
QUICK = {"hours": 0.4, "step_s": 3.0, "over_s": 300.0}
RANGES = {"fall": Between(0.02, 0.1), "leverage": Between(5.0, 40.0), "depth": Between(0.25, 2.0)}
COMPARED = {"hours": 4.0, "step_s": 5.0, "at_hours": 1.0, "back_hours": 2.0}
DAY = Call(scenario=calm, arguments={"step_s": 5.0, "record_every": 12})


def rules(_):
    """Peg distributions of funding rules under the same crowd."""
    runs = {}
    for name in SHOWN:
        runs[name] = crowded_longs(seed=SEED, venue=replace(BITMEX, funding=RULES[name]), **CROWDED).run()
    return figures.drawn([partial(figures.pegs, runs)], width=figures.PAGE, height=2.8)


def phase(folder):
    """Turns liquidated over leverage and depth of the book."""
    axes = Axis("leverage", Between(4.0, 40.0, log=True)), Axis("depth", Between(0.25, 4.0, log=True))
    frame = refined(
        long_squeeze, *axes, liquidated_turns, 0.5, seeds=range(2), out=folder / "phase", coarse=4, rounds=1,
        processes=0, **QUICK,
    )  # fmt: skip
    labels = "median leverage of longs, x", "capital of makers, multiple"
    shown = figures.Diagram(frame, *axes, 0.5, "liquidated, turns of open interest", labels)
    return figures.drawn([partial(figures.phase_diagram, shown)], width=figures.COLUMN * 1.3, height=3.0)


def sensitivity(folder):
    """Sobol indices and Morris's effects of what is liquidated."""
    options = {"out": folder / "sobol", "processes": 0, **QUICK}
    shares = sobol(long_squeeze, RANGES, liquidated_turns, points=64, **options)
    effects = morris(long_squeeze, RANGES, liquidated_turns, starts=6, **options | {"out": folder / "morris"})
    panels = [
        partial(figures.sensitivity, shares),
        partial(figures.elementary_effects, effects, unit="turns of open interest"),
    ]
    return figures.drawn(panels, height=2.2, columns=2)


def venues(_):
    """The same fall on several venues."""
    return compare.figure(compare.compare("venue_comparison", (), 1, seed=SEED, **COMPARED))


def signal(_):
    """The basis of an ordinary day, as a signal of the contract's next minute."""
    run = DAY.run()
    mid = run["mid"]
    basis, returns = mid[:-1] / run["index"][:-1] - 1.0, mid[1:] / mid[:-1] - 1.0
    return card(-basis, returns, tried(-basis, returns, fee_bps=7.5), title="Minus the basis")


def pictures():
    """{name: Picture}."""
    adl = [figures.haircuts, figures.burden]
    payoffs = [figures.payoffs, figures.convexity]
    return {
        "funding_rules": Picture(
            question="Which funding rule holds a perpetual to its index when many want to be long?",
            see="A line a rule, the narrowest on top: 1 to 99 % of the time, the middle half, and the median.",
            command="perpsim gallery funding_rules; with many seeds: perpsim study funding_rules", seeds="1",
            panels=(figures.pegs,), draw=rules,
        ),
        "phase": Picture(
            question="At which leverage and depth does a fall of 5 % liquidate half of the open interest?",
            see="Right of the line more than half is liquidated. Runs, the points, are spent near it.",
            command="perpsim gallery phase", seeds="0, 1", panels=(figures.phase_diagram,), draw=phase,
        ),
        "sensitivity": Picture(
            question="Which argument does it hang on how much of the open interest is liquidated?",
            see="Left: the part of the variance that an argument explains, alone and with all it acts together with. "
            "Right: what moving it through its range does; a spread as large as the mean says that others decide.",
            command="perpsim gallery sensitivity", seeds="0, at 320 points and 24",
            panels=(figures.sensitivity, figures.elementary_effects), draw=sensitivity,
        ),
        "haircuts": Picture(
            question="Who pays once the insurance fund is empty, and how evenly?",
            see="Left: the part of its profit that each winner gave up. Right: losses added up, from who lost most.",
            command=WATERFALL.command, seeds="1", panels=(figures.haircuts, figures.burden),
            draw=lambda _: figures.drawn([partial(each, WATERFALL.run()) for each in adl], height=2.9, columns=2),
        ),
        "payoffs": Picture(
            question="What does a long of each contract gain, and which way does it bend?",
            see="Contract arithmetic, no run. The inverse bends down: it loses more from a fall than it gains from a "
            "rise, in coin. Powers bend up, and pay for it in funding.",
            command="perpsim gallery payoffs", seeds="none", panels=(figures.payoffs, figures.convexity),
            draw=lambda _: figures.drawn(
                [partial(each, (CONTRACTS, SPOT)) for each in payoffs], height=2.9, columns=2
            ),
        ),
        "venues": Picture(
            question="What would another venue's rules have made of the same fall?",
            see="The same crowds, seed and path of spot on twelve venues.",
            command="perpsim gallery venues; in full: perpsim compare --seed 1", seeds="1",
            panels=(figures.venue_paths, figures.venue_bars), draw=venues,
        ),
        "signal": Picture(
            question="Does the basis foretell the contract's next minute, and is it worth a fee?",
            see="It does, in every stretch of the day: what is dear comes back. After fees nothing is left of it.",
            command=DAY.command, seeds="1", panels=(card,), draw=signal,
        ),
    }  # fmt: skip
