"""The Run that a market leaves behind: its tables in coin and seconds, and where they came from."""

import numpy as np

from sim.genealogy import branching_ratio
from sim.ledger import owed_by
from sim.provenance import provenance
from sim.record import BESIDE, Run

LIQUIDATIONS = np.dtype(
    [(name, int) for name in "step account parent contracts closed_step adl_contracts".split()]
    + [(name, float) for name in "time_s cost_coin margin_coin mark bankruptcy_price impact_usd realised_coin".split()]
    + [("crowd", "U32"), ("taken_over", bool), ("again", bool)]
)
ACCOUNTS = np.dtype(
    [(name, int) for name in "account contracts liquidations".split()]
    + [(name, float) for name in "deposits_coin wallet_coin margin_coin cost_coin equity_coin".split()]
    + [("crowd", "U32")]
)
ADL = np.dtype(
    [("step", int), ("time_s", float), ("lot", int), ("account", int), ("contracts", int)]
    + [("price", float), ("lost_coin", float)]
)
FUNDING = np.dtype([("time_s", float), ("rate", float), ("mark", float), ("paid_coin", float)])
VENUE_ROWS = ("(fees)", "(insurance fund)", "(liquidation engine)", "(outside)", "(pool)")


def outcome(market, finished):
    """What `market` has done so far, as a Run."""
    return Run(
        series=written(market.series),
        liquidations=liquidations(market),
        funding=np.array(market.funding.rows(market.exchange, market.clock), FUNDING).view(np.recarray),
        adl=np.array(market.adl, ADL).view(np.recarray),
        accounts=accounts(market),
        fills=np.concatenate([*market.fills, market.exchange.fills[:0]]).view(np.recarray),
        about=about(market, finished),
        **market.atlas.tables(),
        others={} if market.number else {each.name: outcome(each, finished) for each in market.markets[1:]},
    )


def written(series):
    """The rows of finished steps: not that of a step that Ctrl-C broke off."""
    return series[series["time_s"] > 0.0].view(np.recarray)


def about(market, finished):
    """Everything needed to run it again, and how far it came."""
    others = [] if market.number else [each.name for each in market.markets[1:]]
    return {
        **market.about,
        "seed": market.seed,
        "venue": repr(market.venue),
        "settlement": market.venue.contract.coin,
        "start": market.start.isoformat(),
        "step_s": market.step_s,
        "steps": market.clock,
        "finished": finished,
        "crowds": [repr(crowd) for crowd in market.crowds],
        "branching_ratio": branching_ratio(market.exchange),
        **({BESIDE: others} if others else {}),
        **provenance(),
    }


def crowd_names(market, rows):
    """(rows,) name of the crowd of each ledger row."""
    crowds = market.exchange.accounts.crowd[rows]
    names = np.array([*(crowd.name for crowd in market.crowds), *VENUE_ROWS], "U32")
    return names[np.where(crowds >= 0, crowds, len(market.crowds) + np.minimum(rows, 4))]


def liquidations(market):
    """One row a forced close: what was taken over, or closed in the account's name, and what it brought the fund."""
    x, unit = market.exchange, market.venue.contract.unit
    lots = x.lots[: x.now[0].lots]
    table = np.zeros(len(lots), LIQUIDATIONS).view(np.recarray)
    for name in ("step", "account", "parent", "contracts", "closed_step", "mark", "impact_usd", "taken_over", "again"):
        table[name] = lots[name]
    table.adl_contracts, table.time_s = lots.deleveraged, lots.step * market.step_s
    table.cost_coin, table.margin_coin = lots.cost * unit, lots.margin * unit
    table.realised_coin, table.crowd = lots.realised * unit, crowd_names(market, lots.account)
    table.bankruptcy_price = market.venue.contract.price(lots.bankruptcy_units)
    return table


def accounts(market):
    """One row an account as it stands, the venue's own rows first; equity at the mark, funding owed included."""
    x, unit = market.exchange, market.venue.contract.unit
    rows, now = x.accounts, x.now[0]
    table = np.zeros(len(rows), ACCOUNTS).view(np.recarray)
    table.account, table.contracts, table.liquidations = np.arange(len(rows)), rows.contracts, x.risk.liquidations
    for name in ("deposits", "wallet", "margin", "cost"):
        table[f"{name}_coin"] = rows[name] * unit
    owed = owed_by(rows, now)
    table.equity_coin = (rows.wallet + rows.margin + rows.cost + rows.contracts * now.mark_units - owed) * unit
    table.crowd = crowd_names(market, table.account)
    return table
