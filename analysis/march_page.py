"""The page that tells the study of 12-13 March 2020: words around the numbers of its sweeps, made by the command."""

import re

import numpy as np

from analysis import march_tables as tables
from analysis.march import told
from analysis.march_figures import SHORT
from analysis.march_outcomes import OUTCOMES
from analysis.march_study import QUESTIONS

ASKED = ("first_leg_percent", "night_percent", "mean_percent", "hours_below_3", "turns", "smallest_fund_coin")
TOP = 4
WORDS = {each.name: each.words for each in OUTCOMES}

INTRODUCTION = """\
<!-- Made by `{command}`; change analysis/march_page.py, not this page. -->

# 12 and 13 March 2020, honestly

Spot halves in sixteen hours, and BitMEX's perpetual falls further. Given the exchange's published rules, spot as it was
printed and crowds of traders of whom nobody knows much, does the rest follow: the discount, the funding, what was
liquidated, what the insurance fund lost? This page is a test that the model can fail. No price of the perpetual is read
and no number was tuned until an outcome came out; but the engine's pace was read from the reports of liquidations,
which are an outcome too, and some mechanisms were changed after an earlier centre had failed, as told below.

The scenario is `march_2020`. What is assumed about traders, {assumptions} numbers, stands in
`scenarios/march_2020_assumptions.py`, each with a centre, a range and the reason for it. The *centre* was run with
{centre} seeds. {draws} *draws* of a Latin hypercube through the ranges, with one seed, say what the model would have
told before looking: the prior-predictive band. Twins, runs of the same seed with one thing changed, answer what-ifs
over {twins} seeds. {failed}`make march` makes all of it.
"""

SEEN = """
## What came out, and what happened

![Basis to spot: centre, draws and the real one](march_study_discount.png)

Median, and 5 to 95 % in brackets. *Place* is the share of draws below the fact: near 0 or 1 the model hardly ever gets
there. A fact known only between bounds is judged by the nearer one.

{table}

![Where each fact lies among the draws](march_study_places.png)
"""

HELD = """
## What had to hold

At the centre's median; the bounds were set before the runs were made:

{criteria}

## What the model misses

{misses}
"""

DEPENDS = """
## What it depends on

![Rank correlations of outcomes with assumptions](march_study_dependence.png)

Spearman's rank correlations over the draws, of those that pass a test at the 1 % level; with so many of them, one or
two will have passed by chance.

{dependence}
"""

ASKED_OF_TWINS = """
## What if

![Differences of twins](march_study_questions.png)

Twin less base of the same seed: mean +- standard error, n = {pairs}. In a twin the index is the real one moved by the
difference of both runs' modelled impact on spot, so it may fall more, or less. A discount that shrinks is a positive
difference.

{twins}

The discount ought to shrink where liquidations are absorbed, arbitrage is rich and instant, the engine slow, leverage
capped. By more than two standard errors it

{signs}

What the liquidations did depends on what trading does to spot. Absorbing them off the book at the mark, at a spot
impact of none to twice the declared one (n = {impact_pairs} each):

{impact}
"""

BOOK = """
## The engine's book

![Open interest, inventory and result of the engine, and the fund](march_study_engine.png)

The engine holds at most {peak} contracts, half of which are gone {half} hours after that peak. Its unrealised loss
reaches {loss} BTC, while the fund, which pays only for what is closed, loses {fund12} BTC on the 12th and {fall13} on
the 13th: a fund of {smallest} BTC would have sufficed. Most of the unrealised loss is never paid, because spot rises by
more than a quarter within forty minutes of the low, and lots that rest at their bankruptcy prices are filled on the way
up. The real fund ended the 13th 2,613 BTC higher, the simulated one by {fund13}: here the fund is hit and not refilled.
What it gains is the margin left in lots closed better than at bankruptcy, and too few lots are still there by then.
"""

CENTRE = """
## How the centre came about

An earlier centre had a discount of 2 % all afternoon of the 12th, where there was none, and half of the liquidations.
Looking at who held what, hour by hour, showed why; what was changed are mechanisms, not numbers.

* *Makers leant on their own leaning.* A maker long of contracts quotes lower. These makers also remembered the basis of
  the mid, which their own quotes had made, and leant again from there: 1 + 3600/600 = 7 times over. Three quarters full
  after the first leg, they alone held the contract 2 % below spot. Now each takes its own lean out first (`lean_seen`).
  The same loop had made a discount of 0.15 % of a quiet morning, on which arbitrageurs spent their coin too soon.
* *Nobody came in.* More was reported as liquidated on the 12th than had been open, so others had opened positions
  meanwhile. `DipBuyers` wait in cash until the price is 10 to 50 % below its high, then go long with leverage. They
  take over what makers are full of in the afternoon, and are what is liquidated in the night.
* *Makers could not lay off.* Now they hedge at spot, which stands for all markets elsewhere, and send coin when margin
  here is lost; what they can hold here is still limited by that margin.
* *All makers left at the same volatility.* Now they differ.
* *The engine's pace* of 20,000 USD a second could not have sold what was reported as liquidated within hours; 60,000,
  with a factor of four either way, is the middle of what the reports ask for.
* *Declared leverage is now held.* Open interest was split in proportion to leverage whatever the capital, so that the
  declared median changed little, and a cap made everybody's larger. Longs and shorts now have the capital that holds
  the open interest at their leverage (`scenarios/capital.py`), as in the other scenarios.
"""

LIMITS = """
## Limits

There is one venue: nobody flees to another, and nobody fears for coin that lies on it. Simulated traders send no more
messages when it is wild, so overload has to be assumed. Spot is Binance's, in USDT, which was worth up to 4.6 % more
than a dollar that night; between eighty published prices it is a bridge, far calmer than the real minutes. The index is
replayed: in the base runs trading does not move it. BitMEX's mark reads the index only, so that at the centre no
liquidation brings about another. The draws share one seed and vary each assumption on its own, not shapes of
distributions or rules of behaviour. Published amounts are of uneven quality: liquidations were counted by third
parties, and the balance of the fund is daily, at an hour that is not said.
"""

SHRINKS = {
    "absorbed": "",
    "arbitrage": "",
    "slower": "The two below were run to test why: a lot is offered whole at its bankruptcy price as it is taken over, "
    "and takes at once what bids that meets; the pace governs only what is left",
    "paced": "",
    "paced_slower": "",
    "capped": "Suspected: a cap takes away a fifth of what is liquidated, but what is left is still more than the bids "
    "of those minutes, and makers who have bought it quote lower for hours either way",
    "capped_more": "Suspected: as with 5x",
}
"""Twins in which the discount ought to shrink, each with what is told where it does not."""

MECHANISMS = {
    "afternoon_percent": "makers long of contracts quote a little low, and nobody here trades on a premium of 0.1 %",
    "night_percent": "nobody here flees: real capital left a venue that had just stopped, or could not reach it",
    "basis_0000_percent": "as the night's worst: makers and arbitrageurs come back within minutes, as their rules say",
    "basis_0230_percent": "the bar of the outage: XBTUSD hardly traded for a quarter of an hour (see the twin)",
    "basis_0500_percent": "after the outage real buyers stayed away for hours; here the discount is a bargain at once",
    "hours_below_1": "the discount of the night closes too fast, for the same reason",
    "hours_below_3": "the discount of the night closes too fast, for the same reason",
    "hours_below_5": "the discount of the night closes too fast, for the same reason",
    "mean_percent": "the night's discount is too short",
    "lowest_usd": "the low is spot's own, less too small a discount",
    "funding_12_20_percent": "its interval holds the first leg, whose discount is twice too deep for an hour",
    "first_leg_percent": "on the rebound of spot the engine sells on, and makers that left are away for a fixed time",
    "open_interest_before": "positions close by themselves in the ten hours before the fall, more than are opened",
    "open_interest_after": "dip buyers keep what they bought; real ones left the venue",
    "open_interest_change_percent": "dip buyers keep what they bought; real ones left the venue",
    "liquidated_first_leg": "fewer longs of 4x and more than there were, or reports that count some twice",
    "liquidated_12th": "fewer longs come back, and later, than there were, or reports that count some twice",
    "fund_change_12th_coin": "the engine's loss of the first leg is small where its sales meet makers and dip buyers",
    "fund_change_13th_coin": "the engine sells into the low instead of waiting for the rebound; how BitMEX's sold is "
    "not known",
    "fund_fall_13th_coin": "depends on how much is sold near the low, that is on the pace, which is not known",
    "engine_peak": "all lots queue for one pace, and pile up while the index falls",
    "pending_over_bids": "bids here all but vanish: makers cut size with volatility and inventory, no bid of anybody "
    "else rests, and the engine takes what is there every few seconds",
    "engine_loss_coin": "the inventory is too large at the low: all lots queue for one pace",
    "volume_12th": "how often who trades with whom is assumed throughout: noise traders, and makers who hedge",
}


def page(frames, command):
    """Return the page as Markdown.

    frames: {part: frame} of the study; command: that made them, told in the page
    """
    table = tables.beside(frames["centre"], frames["draws"])
    sections = (introduction(frames, command), seen(table), held(frames, table), depends(frames["draws"]),
                asked(frames), book(table), CENTRE, LIMITS)  # fmt: skip
    return "".join(sections)


def introduction(frames, command):
    """Return what was run."""
    number = {part: len(tables.done(frame)) for part, frame in frames.items()}
    number["twins"] = tables.done(frames["twins"]).seed.nunique()
    lost = sum(int((frame.status != "done").sum()) for frame in frames.values())
    failed = f"{lost} runs failed and are left out. " if lost else ""
    return INTRODUCTION.format(command=command, assumptions=len(tables.ASSUMPTIONS), failed=failed, **number)


def seen(table):
    """Return the table of outcomes beside facts."""
    rows = [
        (each.words, spread(each, "centre"), spread(each, "draws"), real(each), share(each.place), each.verdict)
        for each in table.itertuples()
    ]
    head = ("outcome", "centre", "draws", "real", "place", "fact is")
    return SEEN.format(table=grid(head, rows))


def spread(row, part):
    """Return a median with 5 and 95 % in brackets."""
    middle, low, high = (getattr(row, f"{part}_{word}") for word in ("median", "low", "high"))
    return f"{plain(middle)} ({plain(low)} to {plain(high)})"


def real(row):
    """Return a fact as text, with its bounds if it has any."""
    bounds = f"{plain(row.real_low)} to {plain(row.real_high)}" if row.real_low == row.real_low else ""
    if row.real != row.real:
        return bounds or "-"
    return f"{plain(row.real)} ({bounds})" if bounds else plain(row.real)


def share(place):
    """Return a share as text."""
    return "-" if place != place else f"{place:.2f}"


def plain(amount):
    """Return a number as text; infinity as such."""
    return "inf" if np.isinf(amount) else told(float(amount))


def held(frames, table):
    """Return what had to hold, and what the model misses, each with the mechanism suspected."""
    criteria = [
        f"* {'holds' if good else '**fails**'}: {each.words} (median {plain(got)})"
        for each, got, good in tables.criteria(frames["centre"])
    ]
    outside = table[table.verdict.isin(("below", "above"))]
    misses = [
        f"* *{each.words}*: real {real(each)}, draws {plain(each.draws_low)} to {plain(each.draws_high)}. Suspected: "
        f"{MECHANISMS.get(each.name, 'not understood')}."
        for each in outside.itertuples()
    ]
    told_ = f"{len(outside)} facts lie outside the 5 to 95 % of the draws, each a failure of the model:\n\n"
    none = "No fact lies outside the 5 to 95 % of the draws."
    return HELD.format(criteria="\n".join(criteria), misses=told_ + "\n".join(misses) if misses else none)


def depends(draws):
    """Return the strongest assumptions behind each outcome."""
    names = [name for name in SHORT if name in draws]
    table, bound = tables.correlations(draws, names), tables.least(len(tables.done(draws)))
    lines = []
    for name in names:
        strong = table[name][table[name].abs() >= bound]
        strong = strong.reindex(strong.abs().sort_values(ascending=False).index)[:TOP]
        said = (
            ", ".join(f"`{each}` {value:+.2f}" for each, value in strong.items())
            or "on none of them that could be told"
        )
        lines.append(f"* {WORDS[name]}: {said}")
    return DEPENDS.format(dependence="\n".join(lines))


def asked(frames):
    """Return the tables of twins."""
    names = list(ASKED)
    twins = tables.changes(frames["twins"], names).set_index("twin")
    rows = [
        (QUESTIONS[label].words, *(error(twins.loc[label], name) for name in names))
        for label in QUESTIONS
        if label in twins.index
    ]
    signs = [
        sign(twins.loc[label], QUESTIONS[label].words, why) for label, why in SHRINKS.items() if label in twins.index
    ]
    head = ("changed", *(SHORT.get(name, WORDS[name]) for name in names))
    impact = tables.changes(frames["impact"], names)
    coefficient = frames["impact"].groupby("point").spot_impact.first()
    steps = [(plain(coefficient[each.point]), *(error(each._asdict(), name) for name in names))
             for each in impact.itertuples()]  # fmt: skip
    return ASKED_OF_TWINS.format(
        pairs=int(twins.pairs.max()), twins=grid(head, rows), impact_pairs=int(impact.pairs.max()),
        impact=grid(("spot impact", *head[1:]), steps), signs="\n".join(signs),
    )  # fmt: skip


def sign(row, words, why):
    """Return a line that says in which leg a discount shrinks, by more than two standard errors, and in which not."""
    legs = {"first leg": "first_leg_percent", "night": "night_percent", "mean": "mean_percent"}
    shrinks = [leg for leg, name in legs.items() if row[name] > 2.0 * row[f"{name}_se"]]
    same = [leg for leg in legs if leg not in shrinks]
    said = f"shrinks in the {', the '.join(shrinks)}" if shrinks else "does not shrink"
    rest = f"; not in the {', the '.join(same)}" if shrinks and same else ""
    return f"* {words}: {said}{rest}." + (f" {why}." if same and why else "")


def error(row, name):
    """Return a difference with its standard error."""
    mean, se = row[name], row[f"{name}_se"]
    digits = 0 if abs(mean) >= 100 else 2
    if np.isnan(mean):
        return "-"
    return f"{mean + 0.0:+.{digits}f} +- {se:.{digits}f}".replace("-0.00 ", "+0.00 ")


def book(table):
    """Return what the engine held and lost."""
    middle = {each.name: plain(each.centre_median) for each in table.itertuples()}
    return BOOK.format(
        peak=middle["engine_peak"], half=middle["engine_hours_to_half"], loss=middle["engine_loss_coin"],
        fund12=middle["fund_change_12th_coin"].lstrip("-"), fall13=middle["fund_fall_13th_coin"],
        smallest=middle["smallest_fund_coin"], fund13=signed(middle["fund_change_13th_coin"]),
    )  # fmt: skip


def signed(text):
    """Return a number as text with its sign."""
    return text if re.match("[-+]", text) else f"+{text}"


def grid(head, rows):
    """Return a table in Markdown, numbers to the right."""
    lines = [head, ("---", *["---:"] * (len(head) - 1)), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
