"""The headline numbers of a run: each a function of the run, whose name says what it counts and in what unit.

`_coin` is the venue's settlement coin. The basis is the last trade over the index, less 1: negative is a discount.
Positions are counted on one side, rates are paid by longs if positive. What was nowhere to be measured is nan.
"""

import ast
from operator import itemgetter

import numpy as np

from analysis.listing import listing


def summary(run):
    """Return {name: number} of every headline number of a run, in the order of `HEADLINES`."""
    return {name: number for section in sections(run).values() for name, number in section.items()}


def sections(run):
    """Return {subject: {name: number}} of the headline numbers of a run."""
    return {title: {each.__name__: each(run) for each in metrics} for title, metrics in HEADLINES.items()}


def lines(run):
    """Return a run's summary as text: what went in, then what came out, by subject."""
    return listing({"Put in": inputs(run), **sections(run)}).lstrip("\n")


def inputs(run):
    """Return {name: text} of what the run was given: its scenario and that function's arguments."""
    origin = run.about.get("scenario") or {}
    arguments = origin.get("arguments") or {"seed": run.about.get("seed")}
    venue = contract(run)["venue"] or arguments.get("venue", "-")
    return {"scenario": origin.get("name", "-"), **arguments, "venue": venue}


def contract(run):
    """Return the names of a run's venue and contract, the latter's kind ("Inverse"), its face, tick and coin.

    Read from the venue's repr in `about`; what is not found there is "" (face: 1, tick: 0.5, coin: about's settlement).
    """
    known = {"venue": "", "kind": "", "name": "", "face": 1.0, "tick": 0.5}
    known["coin"] = run.about.get("settlement", "coin")
    try:
        venue = {each.arg: each.value for each in ast.parse(run.about["venue"], mode="eval").body.keywords}
        payoff = venue["contract"]
        stated = {each.arg: ast.literal_eval(each.value) for each in payoff.keywords if each.arg in known}
        return known | stated | {"venue": ast.literal_eval(venue["name"]), "kind": payoff.func.id}
    except (SyntaxError, AttributeError, KeyError, ValueError):
        return known


first, final = itemgetter(0), itemgetter(-1)


def number(column, reduce):
    """Return `reduce` of what is not nan in a column as a plain number; nan where that is nothing."""
    there = column[~np.isnan(column)]
    return reduce(there).item() if len(there) else float("nan")


def share(part, whole):
    """Return part over whole; nan where the whole is 0."""
    return part / whole if whole else float("nan")


def move_percent(column):
    """Return the change from the first value of a column to the last, percent."""
    return 100.0 * (number(column, final) / number(column, first) - 1.0)


def basis(run):
    """Return the last trade over the index, less 1, (rows,)."""
    return run["last"] / run["index"] - 1.0


def hours_below(run, percent):
    """Return the hours whose rows have the last trade more than `percent` below the index."""
    row_s = number(np.diff(run["time_s"], prepend=0.0), np.median)
    return int(np.count_nonzero(basis(run) < -percent / 100.0)) * row_s / 3600.0


def peak(run):
    """Return the row in which the engine's inventory is largest, as a table of at most one row."""
    largest = np.abs(run["engine_contracts"]).max(initial=0)
    return run.series[np.abs(run["engine_contracts"]) == largest][:1]


def simulated_hours(run):
    """Hours from the start of the run to its last row."""
    return number(run["time_s"], final) / 3600.0


def index_move_percent(run):
    """Change of the index from the first row to the last."""
    return move_percent(run["index"])


def last_move_percent(run):
    """Change of the last trade's price from the first row that has one to the last."""
    return move_percent(run["last"])


def last_lowest_usd(run):
    """Lowest price of a trade that was the last of its row."""
    return number(run["last"], np.min)


def basis_mean_bps(run):
    """Mean basis over the rows."""
    return 1e4 * number(basis(run), np.mean)


def basis_lowest_bps(run):
    """Lowest basis of a row."""
    return 1e4 * number(basis(run), np.min)


def basis_highest_bps(run):
    """Highest basis of a row."""
    return 1e4 * number(basis(run), np.max)


def hours_below_1_percent(run):
    """Hours with the basis below -1 %."""
    return hours_below(run, 1.0)


def hours_below_3_percent(run):
    """Hours with the basis below -3 %."""
    return hours_below(run, 3.0)


def hours_below_5_percent(run):
    """Hours with the basis below -5 %."""
    return hours_below(run, 5.0)


def funding_mean_percent(run):
    """Mean rate over the stamps at which funding was paid."""
    return 100.0 * number(run.funding["rate"], np.mean)


def funding_lowest_percent(run):
    """Lowest rate that was paid."""
    return 100.0 * number(run.funding["rate"], np.min)


def funding_highest_percent(run):
    """Highest rate that was paid."""
    return 100.0 * number(run.funding["rate"], np.max)


def funding_paid_coin(run):
    """What payers paid to receivers, all stamps together."""
    return float(run.funding["paid_coin"].sum())


def open_interest_first_contracts(run):
    """Open interest in the first row."""
    return number(run["open_interest_contracts"], first)


def open_interest_lowest_contracts(run):
    """Lowest open interest of a row."""
    return number(run["open_interest_contracts"], np.min)


def open_interest_final_contracts(run):
    """Open interest in the last row."""
    return number(run["open_interest_contracts"], final)


def liquidations(run):
    """Times a position was reduced or taken over for want of maintenance margin."""
    return number(run["liquidations"], final)


def liquidated_contracts(run):
    """Contracts in all of these, longs and shorts together."""
    return number(run["liquidated_contracts"], final)


def liquidated_turns(run):
    """Liquidated contracts over the open interest of the first row."""
    return share(liquidated_contracts(run), open_interest_first_contracts(run))


def forced_closes(run):
    """Takeovers by the liquidation engine, and orders by which a venue closed a part in the account's own name."""
    return len(run.liquidations)


def long_forced_contracts(run):
    """Contracts of the longs among them."""
    return int(run.liquidations["contracts"].clip(min=0).sum())


def short_forced_contracts(run):
    """Contracts of the shorts among them, a positive number."""
    return int((-run.liquidations["contracts"]).clip(min=0).sum())


def branching_ratio(run):
    """Liquidations brought about by the impact of an earlier forced close, over all; one in parts counts once."""
    begun = run.liquidations[~run.liquidations["again"]]
    return share(int(np.count_nonzero(begun["parent"] >= 0)), len(begun))


def fund_first_coin(run):
    """Insurance fund in the first row."""
    return number(run["fund_coin"], first)


def fund_lowest_coin(run):
    """Lowest insurance fund of a row."""
    return number(run["fund_coin"], np.min)


def fund_final_coin(run):
    """Insurance fund in the last row."""
    return number(run["fund_coin"], final)


def fund_draws_coin(run):
    """What the fund paid for lots of the engine that were closed at a loss."""
    return number(run["fund_draw_coin"], final)


def fund_gains_coin(run):
    """What the fund received for lots of the engine that were closed at a gain."""
    return number(run["fund_gain_coin"], final)


def fund_largest_fall_coin(run):
    """Largest fall of the insurance fund from a row to a later one."""
    return number(np.maximum.accumulate(run["fund_coin"]) - run["fund_coin"], np.max)


def engine_largest_loss_coin(run):
    """Largest unrealised loss, at the mark, of what the engine had taken over and not yet closed."""
    return number((-run["engine_unrealised_coin"]).clip(min=0.0), np.max)


def engine_peak_contracts(run):
    """Largest inventory of the engine, negative if it was short."""
    return number(peak(run)["engine_contracts"], first)


def depth_at_engine_peak_contracts(run):
    """Contracts within 1 % of the mid, in that row, on the side the engine had to trade with: bids if it was long."""
    held = engine_peak_contracts(run)
    return (
        number(peak(run)["depth_bid_contracts" if held > 0 else "depth_ask_contracts"], first) if held else float("nan")
    )


def adl_contracts(run):
    """Contracts that were closed by auto-deleveraging."""
    return int(np.abs(run.adl["contracts"]).sum())


def adl_accounts(run):
    """Accounts that were auto-deleveraged, each counted once."""
    return len(np.unique(run.adl["account"]))


def volume_contracts(run):
    """Contracts traded."""
    return number(run["volume_contracts"], final)


def messages(run):
    """Orders, replacements and cancels that reached the venue."""
    return number(run["messages"], final)


def overloaded_percent(run):
    """Messages turned away for want of capacity, of all."""
    return 100.0 * share(number(run["overloaded"], final), messages(run))


def rejected_percent(run):
    """Messages refused for any other reason, margin among them, of all."""
    return 100.0 * share(number(run["rejected"], final), messages(run))


def fees_coin(run):
    """What the venue earned in fees, less rebates."""
    return number(run["fees_coin"], final)


HEADLINES = {
    "Price": (
        simulated_hours, index_move_percent, last_move_percent, last_lowest_usd, basis_mean_bps, basis_lowest_bps,
        basis_highest_bps, hours_below_1_percent, hours_below_3_percent, hours_below_5_percent,
    ),
    "Funding": (funding_mean_percent, funding_lowest_percent, funding_highest_percent, funding_paid_coin),
    "Open interest": (
        open_interest_first_contracts, open_interest_lowest_contracts, open_interest_final_contracts,
    ),
    "Liquidations": (
        liquidations, liquidated_contracts, liquidated_turns, forced_closes, long_forced_contracts,
        short_forced_contracts, branching_ratio,
    ),
    "Insurance fund, engine, auto-deleveraging": (
        fund_first_coin, fund_lowest_coin, fund_final_coin, fund_draws_coin, fund_gains_coin, fund_largest_fall_coin,
        engine_largest_loss_coin, engine_peak_contracts, depth_at_engine_peak_contracts, adl_contracts, adl_accounts,
    ),
    "Activity": (volume_contracts, messages, overloaded_percent, rejected_percent, fees_coin),
}  # fmt: skip
