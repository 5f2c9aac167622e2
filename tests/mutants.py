"""One-line bugs, each planted in a copy of the project: do the tests notice?

    python -m tests.mutants [--only WORD] [--processes 2]

Each bug runs the few tests that should catch it, uncompiled: that takes seconds, compiling most of a minute. First the
same tests run without any bug. The exit status is not zero if a bug is missed. About ten minutes on one core.
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


def test_file(mechanism):
    """Path of the tests of a mechanism."""
    return f"tests/test_{mechanism}.py"


TWIN, ENGINE, LEDGER, RISK, WHEEL = map(test_file, ("twin", "engine", "ledger", "risk", "wheel"))
CROWDS, MARKET, GENEALOGY, LEGS = map(test_file, ("crowds", "market", "genealogy", "spot_legs"))
FUNDING, SKEW, VOTED, CHECK = map(test_file, ("funding", "skew_funding", "voted_funding", "check"))
MARK, INDEX, INDEX_RULES, POOL = map(test_file, ("mark", "index", "index_rules", "pool"))
AUCTION, SCALE = map(test_file, ("auction", "margin_scale"))
DELEVERAGE, HAIRCUTS, LIQUIDATION, TIERS = map(test_file, ("deleverage", "haircuts", "liquidation", "tiers"))

MUTANTS = (
    # the book, orders and the ledger
    Mutant("makers pay the taker's fee", "sim/book.py", "maker_lot, -size, units, terms.maker_fee)",
           "maker_lot, -size, units, terms.taker_fee)", (TWIN, "entry")),
    Mutant("priority reversed", "sim/orders.py", "order[at - 1] > ranked", "order[at - 1] < ranked",
           (TWIN, "isolated")),
    Mutant("stops fire a tick late", "sim/orders.py",
           "due = at <= tick and at < ticks", "due = at < tick and at < ticks", (TWIN, "isolated")),
    Mutant("netted orders reserve for both sides", "sim/orders.py", "    if netting == NET:\n", "    if False:\n",
           (test_file("book"), "netting_says")),
    Mutant("the worst case is the better side", "sim/orders.py", "return max(abs(value + buying_value)",
           "return min(abs(value + buying_value)", (test_file("book"), "netting_says")),
    Mutant("the larger side reserved for the smaller", "sim/orders.py", "return max(buys, sells)",
           "return min(buys, sells)", (test_file("book"), "netting_says")),
    Mutant("an overload refuses cancels", "sim/orders.py", "message.action != REPLACE:\n        return False",
           "message.action != REPLACE:\n        return True", (TWIN, "overloaded")),
    Mutant("fees rounded down", "sim/ledger.py", "abs(size * units) * fee_rate + 0.5)", "abs(size * units) * fee_rate)",
           (LEDGER, "nearest")),
    Mutant("shares rounded up", "sim/ledger.py", "* part // whole", "* part // whole + 1", (LEDGER, "share")),
    Mutant("funding booked twice", "sim/ledger.py", "    owed = owes(x, i)\n    seat(x, i)\n",
           "    owed = owes(x, i)\n",
           (LEDGER, "however_often")),
    Mutant("funding the wrong way", "sim/ledger.py",
           "((now.long_index if account.contracts > 0 else now.short_index) - account.seen)",
           "(account.seen - (now.long_index if account.contracts > 0 else now.short_index))", (LEDGER, "longs_pay")),
    Mutant("shorts owe by the longs' index", "sim/ledger.py",
           "((now.long_index if account.contracts > 0 else now.short_index) - account.seen)",
           "(now.long_index - account.seen)", (LEDGER, "turns_from")),
    Mutant("shorts begin at the longs' index", "sim/ledger.py",
           "account.seen = now.long_index if account.contracts > 0 else now.short_index",
           "account.seen = now.long_index", (LEDGER, "turns_from")),
    Mutant("all owe together by the longs' index", "sim/ledger.py",
           "index = np.where(accounts.contracts > 0, now.long_index, now.short_index)",
           "index = np.where(accounts.contracts > 0, now.long_index, now.long_index)", (LEDGER, "funds_to_the_unit")),
    # liquidation
    Mutant("orders live on after a takeover", "sim/forced.py", "    now.cancels += cancel_all(x, i)\n", "",
           (RISK, "orders_of_who")),
    Mutant("no closing fee in maintenance", "sim/backing.py", "base * (x.tiers[row, 1] + terms.closing_fee)",
           "base * x.tiers[row, 1]", (TWIN, "entry")),
    Mutant("longs looked at too late", "sim/risk.py", "min(math.ceil(at) + 1, last) if row == LONGS",
           "min(math.ceil(at) - 3, last) if row == LONGS", (TWIN, "isolated")),
    Mutant("who would fall anyway has a parent", "sim/forced.py", "        return -1\n    return parent(",
           "        pass\n    return parent(", (GENEALOGY, "recovered")),
    Mutant("a liquidation without its fee", "sim/forced.py", "math.floor(value * terms.liquidation_fee)", "0",
           (TWIN, "fee and slices")),
    Mutant("the closer's fee goes to the fund", "sim/forced.py", "pay(x, i, OUTSIDE, math", "pay(x, i, FUND, math",
           (TWIN, "quarters")),
    Mutant("one slice where several are due", "sim/forced.py", "needed, count * each", "needed, min(count, 1) * each",
           (TWIN, "fee and slices")),
    Mutant("rare slices in every step", "sim/forced.py",
           "math.floor(turn * rate) - math.floor((turn - 1) * rate)", "1", (TWIN, "now")),
    Mutant("slices beyond what is needed", "sim/forced.py", "min(float(held), needed, count", "min(float(held), count",
           (TWIN, "small")),
    Mutant("only maintenance aimed at, not the target", "sim/forced.py", "needed = terms.target * maintenance",
           "needed = maintenance", (TWIN, "buffer")),
    Mutant("the fillable price betters the mark", "sim/forced.py", "float(units) - spent * terms.spread",
           "float(units) + spent * terms.spread", (TWIN, "fillable")),
    Mutant("the adjustment of the fillable price left out", "sim/liquidation.py",
           "terms.spread, terms.adjustment = self.target, self.spread, self.adjustment",
           "terms.spread, terms.adjustment = self.target, self.spread, 1.0", (LIQUIDATION, "every_number")),
    Mutant("what an order saved goes to the wrong one", "sim/forced.py",
           "account.contracts == 0 and not terms.residual", "account.contracts == 0 and terms.residual",
           (TWIN, "fee and slices")),
    Mutant("what the engine saved goes to the wrong one", "sim/book.py", "result > 0 and x.terms[0].residual",
           "result > 0 and not x.terms[0].residual", (TWIN, "isolated")),
    Mutant("no takeover below a share of maintenance", "sim/forced.py",
           "equity > 0.0 and equity >= terms.takeover_below * maintenance(x, i, units)", "equity > 0.0",
           (TWIN, "backstop")),
    Mutant("taken over although the rest waits", "sim/forced.py",
           " or not doomed(x, i, now.mark_units) or terms.takeover_below < 1.0:",
           " or not doomed(x, i, now.mark_units):",
           (TWIN, "waits")),
    Mutant("who recovered counts as forced for ever", "sim/risk.py", "            x.accounts[i].forced = 0\n", "",
           (TWIN, "fee and slices")),
    Mutant("who was taken over counts as forced for ever", "sim/engine.py", "    account.forced = 0\n", "",
           (TWIN, "backstop")),
    Mutant("a ladder for the lowest tiers too", "sim/forced.py", "if row + 1 < max(terms.whole_below, 2):",
           "if row + 1 < 2:", (TWIN, "lowest or two")),
    Mutant("tiers of contracts read as value", "sim/venue.py", 'self.tiers.counted == "contracts"', "False",
           (TIERS, "as_its_venue")),
    Mutant("contracts counted a contract short", "sim/orders.py", "value / abs(units) + 0.5)",
           "value / abs(units) - 0.5)",
           (TWIN, "two")),
    Mutant("a ladder aims at value where contracts count", "sim/forced.py",
           "each = 1.0 if terms.tiers_in_contracts else float(abs(now.mark_units))",
           "each = float(abs(now.mark_units))", (TWIN, "two")),
    Mutant("a tier's limit lies above it", "sim/orders.py", "while value > x.tiers[row, 0]",
           "while value >= x.tiers[row, 0]", (TWIN, "two")),
    Mutant("a fee comes out of idle coin", "sim/forced.py", "    of_margin = min(units, max(account.margin, 0))\n",
           "    of_margin = 0\n", (TWIN, "small")),
    # the engine, and losses beyond the fund
    Mutant("the fund pays what it should gain", "sim/book.py", "x.accounts[FUND].wallet += result",
           "x.accounts[FUND].wallet -= result", (TWIN, "isolated")),
    Mutant("more drawn than allowed", "sim/engine.py", "math.floor(max(purse, 0.0) / loss)",
           "math.ceil(max(purse, 0.0) / loss)", (TWIN, "little")),
    Mutant("the engine forgets its pace", "sim/engine.py", "wanted = min(budget, abs(lot.open))",
           "wanted = abs(lot.open)", (ENGINE, "pace")),
    Mutant("the fund pays with what it must keep", "sim/engine.py", "wallet - now.fund_kept)", "wallet)",
           (ENGINE, "must_keep")),
    Mutant("a fund pays where none does", "sim/engine.py", " if terms.pays else 0.0", "",
           (TWIN, "trader and fund")),
    Mutant("a backstop keeps all margin", "sim/engine.py", "if not x.terms[0].backstop_keeps_margin:", "if False:",
           (LIQUIDATION, "gives_back")),
    Mutant("losers are deleveraged first", "sim/haircuts.py", 'np.argsort(-scores, kind="stable")',
           'np.argsort(scores, kind="stable")', (ENGINE, "deleverag")),
    Mutant("the mark is not what deleveraging closes at", "sim/deleverage.py", 'if far or self.price == "mark":',
           "if far:",
           (DELEVERAGE, "at_the_mark")),
    Mutant("winners pay although the fund can", "sim/deleverage.py",
           "max(int(x.accounts[FUND].wallet), 0) // abs(open_)",
           "0", (DELEVERAGE, "at_the_mark or cannot_pay")),
    Mutant("the far bankruptcy price is the near one", "sim/deleverage.py", "abs(bankruptcy - mark) > near * mark",
           "abs(bankruptcy - mark) < near * mark", (DELEVERAGE, "only_where_bankruptcy")),
    Mutant("pro rata to losers too", "sim/deleverage.py", "won = np.maximum(at.profit, 0)", "won = np.abs(at.profit)",
           (DELEVERAGE, "pro_rata")),
    Mutant("longs alone pay a spread loss", "sim/socialise.py", "np.abs(contracts) * each",
           "np.maximum(contracts, 0) * each", (DELEVERAGE, "spread_over")),
    Mutant("a spread loss rounded down", "sim/insurance.py", "-(-abs(loss) // (unit * contracts)) * unit",
           "abs(loss) // (unit * contracts) * unit", (DELEVERAGE, "spread_over")),
    Mutant("all that was ever won pays for the day", "sim/socialise.py", "np.maximum(result - memory, 0)",
           "np.maximum(result, 0)", (DELEVERAGE, "days_winners")),
    Mutant("a winner of the day pays what it has not", "sim/socialise.py",
           "most = np.minimum(profit, np.maximum(result + x.accounts.deposits, 0)[traders])", "most = profit",
           (DELEVERAGE, "took_its_profit")),
    Mutant("the day never begins anew", "sim/socialise.py", "        memory[:] = earned(x)\n", "",
           (DELEVERAGE, "days_winners")),
    Mutant("the pool pays for nothing", "sim/socialise.py", "x.accounts[POOL].wallet -= short", "pass",
           (DELEVERAGE, "pool_pays")),
    Mutant("a day ends in every step", "sim/sessions.py", "% DAY_S < self.step_s for", "% DAY_S >= 0 for",
           (DELEVERAGE, "day_ends")),
    Mutant("the peak of the fund is forgotten too soon", "sim/sessions.py", "HOUR_S * self.limit.window_hours",
           "HOUR_S * 0.5 * self.limit.window_hours", (DELEVERAGE, "seven_tenths")),
    Mutant("the fund's limit counted in coin", "sim/sessions.py", "self.triggered) / self.unit)", "self.triggered))",
           (DELEVERAGE, "seven_tenths")),
    Mutant("a limit forgets that it was triggered", "sim/sessions.py",
           "self.limit.triggered(self.history, self.triggered)", "False", (DELEVERAGE, "triggered")),
    # funding
    Mutant("interest pushes away", "sim/funding.py", "self.interest - premium, -self.damper",
           "premium - self.interest, -self.damper", (FUNDING, "")),
    Mutant("a rate beyond its cap", "sim/funding.py", "        return clamp(rate, -self.cap, self.cap)\n",
           "        return rate\n", (FUNDING, "keeps_its_caps")),
    Mutant("a rate is charged when it is found", "sim/funding.py", "return memory.due[0] if self.lag else",
           "return memory.due[-1] if self.lag else", (FUNDING, "so_many_intervals")),
    Mutant("a dead band pushes outwards", "sim/continuous_funding.py",
           "np.maximum(self.dead_band, premium) + np.minimum(-self.dead_band, premium)",
           "np.maximum(-self.dead_band, premium) + np.minimum(self.dead_band, premium)", (FUNDING, "dead_band")),
    Mutant("the velocity of skew the wrong way", "sim/skew_funding.py", "return rate + self.velocity(skew)",
           "return rate - self.velocity(skew)", (SKEW, "velocity")),
    Mutant("the velocity of skew beyond its cap", "sim/skew_funding.py", "clamp(skew / self.skew_scale, -1.0, 1.0)",
           "(skew / self.skew_scale)", (SKEW, "caps_skew")),
    Mutant("receivers do not share what payers pay", "sim/skew_funding.py", "return paid / longs, paid / shorts",
           "return rate, rate", (SKEW, "gmx_charges or gmx_hands")),
    Mutant("Drift's pool pays all that it has", "sim/twap_funding.py", "max(pool, 0.0) * self.pool_share",
           "max(pool, 0.0)", (FUNDING, "hands_receivers")),
    Mutant("a median of two votes rounded to zero", "sim/voted_funding.py",
           "quotient(both, 2) + (both % 2 if both > 0 else -(both % 2))", "quotient(both, 2)", (VOTED,
           "median_of_two")),
    Mutant("shorts pay a positive rate", "sim/stamps.py", "self.totals[side] + units", "self.totals[side] - units",
           (MARKET, "longs_pay")),
    Mutant("lots in the engine counted twice in funding", "sim/stamps.py", " - int(lots[lots > 0].sum())", "",
           (MARKET, "of_a_side")),
    Mutant("positions not filed anew after funding", "sim/stamps.py", "            file_all(x)\n", "",
           (RISK, "slip_past")),
    Mutant("both sides charged the longs' rate", "sim/stamps.py", "self.move(now, side, part * rate * value)",
           "self.move(now, side, part * rates[0] * value)", (FUNDING, "counterparty_of")),
    Mutant("no counterparty of funding", "sim/stamps.py", "        accounts[counterparty].wallet += sum(paid)\n", "",
           (FUNDING, "counterparty_of")),
    Mutant("the fund is every rule's counterparty", "sim/stamps.py",
           'POOL if self.rule.counterparty == "pool" else FUND',
           "FUND", (FUNDING, "counterparty_of")),
    Mutant("the pool counts as a trader in funding", "sim/stamps.py",
           "both - max(pooled, 0), both - max(-pooled, 0)", "both, both",
           (FUNDING, "counterparty_of")),
    Mutant("the pool pays funding on what it holds", "sim/stamps.py",
           "        accounts[POOL].wallet += pooled * moved[0 if pooled > 0 else 1]\n", "",
           (FUNDING, "counterparty_of")),
    Mutant("funding on the mark where the index counts", "sim/stamps.py",
           'now.mark if self.rule.valued_at == "mark" else now.index', "now.mark", (FUNDING, "counterparty_of")),
    Mutant("a whole interval charged at each accrual", "sim/stamps.py",
           "(clock - self.accrued) * self.step_s / self.interval_s", "1.0", (FUNDING, "accrues_in")),
    Mutant("what was charged at a stamp is charged again", "sim/stamps.py", "            self.accrued = clock\n",
           "            self.accrued = clock // self.accrue_every * self.accrue_every\n",
           (FUNDING, "between_two_accruals")),
    Mutant("accrued funding charged again at the stamp", "sim/stamps.py", "            if not self.accrue_every:\n",
           "            if True:\n", (FUNDING, "accrues_in")),
    # marks and indices
    Mutant("of two prices the higher is the median", "sim/mark.py", "(known[(count - 1) // 2] + known[count // 2]) / 2",
           "known[count // 2]", (MARK, "median_leaves")),
    Mutant("the latest sample weighs half", "sim/mark.py", "Smoothed(2.0 /", "Smoothed(1.0 /", (MARK, "latest_second")),
    Mutant("a mean that misses nothing while it waits", "sim/averages.py",
           "self.keeps ** ((time_s - self.at_s) / every_s)", "self.keeps", (MARK, "makes_up")),
    Mutant("a mark beyond its band", "sim/mark.py",
           "return within(quotes.index + memory.mean(), quotes.index, self.band)",
           "return quotes.index + memory.mean()",
           (MARK, "within_its_band")),
    Mutant("the whole funding rate in the fair price", "sim/mark.py", "funding_rate * (left / interval)",
           "funding_rate",
           (MARK, "still_to_come")),
    Mutant("stale prices are kept", "sim/index.py", "if s.venues[v].age <= rule.most_age", "if True",
           (INDEX, "goes_stale or is_stale")),
    Mutant("an index has no outliers", "sim/composite.py",
           "abs(beyond) > limit or (at_band != 0 and abs(beyond) == limit)", "False", (INDEX_RULES, "")),
    Mutant("outliers clipped to the wrong side", "sim/composite.py", "far = math.copysign(limit, far)",
           "far = -math.copysign(limit, far)", (INDEX_RULES, "deribit or okx")),
    Mutant("a venue back in at once", "sim/index_rules.py", "rows.readmit = whole(np.ceil(",
           "rows.readmit = 0 * whole(np.ceil(", (INDEX_RULES, "fifteen_minutes")),
    Mutant("half of the weight, and a little less", "sim/composite.py", "while below < total / 2.0",
           "while below < total / 3.0", (INDEX_RULES, "median")),
    # pools
    Mutant("a pool's trades are not booked to it", "sim/pooled.py", "    fill(x, POOL, -part, units, 0.0)\n", "",
           (POOL, "pool_sells")),
    Mutant("a pool quotes what it quoted before", "sim/pooled.py", "    quote(x)\n    return size - part",
           "    return size - part", (POOL, "pool_sells")),
    Mutant("a pool fills beyond the limit", "sim/pooled.py", "if at_market else pool.within(",
           "if True else pool.within(",
           (POOL, "up_to_a_limit")),
    Mutant("a pool fills a part where all is asked", "sim/pooled.py", "if part == 0 or (whole and part != size):",
           "if part == 0:", (POOL, "up_to_a_limit")),
    Mutant("the engine sells to a pool whatever it costs", "sim/pooled.py", "    if loss > 0.0:\n", "    if False:\n",
           (POOL, "closes_with")),
    Mutant("a pool rounds in the trader's favour", "sim/pool.py", "return -((-cost) // size) if size > 0",
           "return cost // size if size > 0", (POOL, "never_better or never_falls")),
    Mutant("all that is charged is given back", "sim/pool_rules.py", "min(self.positive_factor, self.factor)",
           "self.factor", (POOL, "gmx_published or charge_on")),
    # spot, crowds and the clock
    Mutant("dice reused within a step", "sim/streams.py", "np.uint64(account), np.uint64(step), np.uint64(block),",
           "np.uint64(account), np.uint64(step), np.uint64(0),", (test_file("streams"), "")),
    Mutant("the spot leg is not paid", "sim/spot.py", "    holding.usd -= usd_units\n", "", (LEGS, "no_unit")),
    Mutant("a transfer is not booked out", "sim/spot.py", "            bring(s, holding.transit)\n", "",
           (LEGS, "no_unit")),
    Mutant("any impact makes a parent", "sim/genealogy.py", "return max(0.0, sign * (lot", "return abs(sign * (lot",
           (GENEALOGY, "drawn")),
    Mutant("impact on spot never fades", "sim/genealogy.py", "        lot.live_spot_usd *= factor\n", "",
           (GENEALOGY, "fades")),
    Mutant("a step too late awake", "sim/wheel.py", "x.now[0].step + 1 + math.floor(waited)",
           "x.now[0].step + 2 + math.floor(waited)", (WHEEL, "poisson")),
    Mutant("who never wakes is not woken either", "sim/wheel.py", "x.clocks[i].wake_s == 0.0 or ", "",
           (WHEEL, "when_woken")),
    Mutant("who waits for longer than any run draws again", "sim/wheel.py", "clock.wake_step = min(step, NEVER)",
           "clock.wake_step = step % NEVER", (WHEEL, "when_woken")),
    Mutant("a close goes beyond what its owner can pay", "sim/orders.py",
           "beyond = limit - 1 if size < 0 else limit + 1", "beyond = limit + 1 if size < 0 else limit - 1",
           (test_file("book"), "no_tick_further")),
    Mutant("stops on the wrong side", "agents/sending.py", "(RISING if size > 0 else FALLING)",
           "(FALLING if size > 0 else RISING)", (CROWDS, "stop_closes")),
    Mutant("makers lean the wrong way", "agents/makers.py", "* (1.0 - me.lean)", "* (1.0 + me.lean)",
           (CROWDS, "lean")),
    Mutant("makers never take an offer far below", "agents/makers.py", "    if limit >= now.ask:\n", "    if False:\n",
           (CROWDS, "queue_behind")),
    Mutant("makers take what is near", "agents/makers.py", "math.floor(fair * (1.0 - away - takes) / tick)",
           "math.floor(fair * (1.0 - away) / tick)", (CROWDS, "queue_behind")),
    Mutant("makers never take a bid far above", "agents/makers.py", "    if limit <= now.bid:\n", "    if False:\n",
           (CROWDS, "queue_behind")),
    Mutant("arbitrageurs double their risk", "agents/arbitrage.py", "wanted = -(contracts - me.hedged) * each",
           "wanted = (contracts - me.hedged) * each", (CROWDS, "spot_leg")),
    Mutant("arbitrageurs buy at any price", "agents/arbitrage.py", "price * (1.0 - costs - carried - hurdle))",
           "price * 2.0)", (CROWDS, "every_level")),
    Mutant("arbitrageurs sell at any price", "agents/arbitrage.py", "price * (1.0 + costs - carried + hurdle))",
           "price * 0.5)", (CROWDS, "every_level")),
    Mutant("a band that buys may leave", "sim/orders.py", "mark * (1.0 + band)", "mark * (1.0 + 9.0 * band)",
           (test_file("brakes"), "edge_of")),
    Mutant("a band that sells may leave", "sim/orders.py", "mark * (1.0 - band)", "mark * (1.0 - 9.0 * band)",
           (test_file("brakes"), "edge_of")),
    Mutant("bids beyond the band are payable", "sim/engine.py", " and side * tick <= side * worst:", ":",
           (test_file("brakes"), "an_offer")),
    Mutant("the patient count a taker's fee", "agents/arbitrage.py", "price, terms.maker_fee", "price, terms.taker_fee",
           (test_file("patient_arbitrage"), "rests_no_nearer")),
    Mutant("the patient take what does not pay", "agents/arbitrage.py", "1e-4 * (me.hurdle_bps + me.takes_bps)",
           "1e-4 * (me.hurdle_bps - me.takes_bps)", (test_file("patient_arbitrage"), "beyond_what_taking")),
    Mutant("newcomers bring nothing", "agents/leveraged.py", "math.floor(me.start_units) - account.wallet", "0",
           (CROWDS, "newcomer")),
    Mutant("the patient undercut", "agents/arbitrage.py", "max(math.ceil(price / terms.tick), now.ask)",
           "math.ceil(price / terms.tick)", (test_file("patient_arbitrage"), "rests_no_nearer")),
    Mutant("slow volatility raises the mean variance", "sim/paths.py",
           "self.slow_dispersion * x - self.slow_dispersion**2", "self.slow_dispersion * x",
           (test_file("paths"), "variance_kurtosis")),
    Mutant("the careful count one way", "agents/arbitrage.py", "careful * 2.0 *", "careful *",
           ("tests/test_papers.py", "careful")),
    Mutant("stamps are dear to the other side", "agents/leveraged.py", "me.side * now.funding_rate > me.most",
           "-me.side * now.funding_rate > me.most", (CROWDS, "ready_to_pay")),
    Mutant("arbitrageurs never pause", "agents/arbitrage.py", "now.time_s + me.pause_s if n > sent", "0.0 if n > sent",
           (CROWDS, "pauses")),
    Mutant("longs sell", "agents/leveraged.py", "size = size if me.side > 0.0 else -size",
           "size = -size if me.side > 0.0 else size", (CROWDS, "enter_on")),
    Mutant("coin from outside arrives at once", "agents/leveraged.py", "now.time_s >= me.arrives_s",
           "now.time_s >= 0.0", (CROWDS, "sent_for")),
    Mutant("coin after a liquidation does not wait", "agents/leveraged.py",
           "me.arrives_s = x.now[0].time_s + me.deposit_delay_s * as_exponential(waits)",
           "me.arrives_s = x.now[0].time_s", (CROWDS, "sent_for")),
    Mutant("a top-up does not wait", "agents/leveraged.py",
           "me.arrives_s = now.time_s + me.deposit_delay_s * as_exponential(waits)", "me.arrives_s = now.time_s",
           (CROWDS, "sent_for")),
    Mutant("another account's dice", "agents/noise.py",
           "rows, first, now.step, 0, DECIDE", "rows, 0, now.step, 0, DECIDE", (CROWDS, "sleeps and Noise")),
    Mutant("trade during a halt", "sim/market.py", "self.markets if not each.halted]", "self.markets]",
           (MARKET, "halt")),
    Mutant("coin arrives at the first exchange", "sim/market.py", "deposit(self.markets[number].exchange, account",
           "deposit(self.exchange, account", (test_file("beside"), "conserved")),
    Mutant("forced closes are credited with another exchange's spot trades", "sim/market.py",
           "self.spot.moved_usd() if self.number else 0.0", "0.0", (test_file("beside"), "credited")),
    Mutant("the second leg trades on the first one's side", "agents/cross_exchange.py",
           "return here, limit, -there, their_limit", "return here, limit, there, their_limit",
           (test_file("cross_exchange"), "open_both_legs")),
    Mutant("a lost leg is closed at the worse bid", "agents/cross_exchange.py",
           "room + held, space + other, bid >= their_bid", "room + held, space + other, bid < their_bid",
           (test_file("cross_exchange"), "lost_a_leg or even")),
    Mutant("funding owed counted as won", "sim/outcome.py", "now.mark_units - owed)", "now.mark_units + owed)",
           (MARKET, "hourly")),
    Mutant("an auction ends where most is left over", "sim/auction.py",
           "volume > most or (volume == most and left < over)", "volume > most or (volume == most and left > over)",
           (AUCTION, "fewest_over")),
    Mutant("prices that tie are settled far from the mark", "sim/auction.py",
           "(min(max(x.now[0].mark_tick, first), last), most)", "(first, most)", (AUCTION, "tie")),
    Mutant("who gathered is filled first come, first served", "sim/auction.py",
           "share(given, seen + size, asked) - share(given, seen, asked)", "min(size, given - seen)",
           (AUCTION, "gathered_share")),
    Mutant("who rested pays a taker's fee at an auction", "sim/auction.py",
           "terms.taker_fee if buyer_takes else terms.maker_fee", "terms.taker_fee", (AUCTION, "as_a_maker")),
    Mutant("the engine pays what no fund has at an auction", "sim/auction.py",
           "if order.reduce_only else size", "if False else size", (AUCTION, "twin")),
    Mutant("coin waits for the auction", "sim/sealed.py", "        self.add(sent[~moves_coin], clock)\n",
           "        self.add(sent, clock)\n", (AUCTION, "coin_does_not")),
    Mutant("orders wait twice", "sim/sealed.py", "orders & (sent < latest[held.account])", "orders & False",
           (AUCTION, "waits or only")),
    Mutant("margin rises with variance", "sim/margin_scale.py",
           "self.rule.multiplier(math.sqrt(self.variance * YEAR_S))", "self.rule.multiplier(self.variance * YEAR_S)",
           (SCALE, "weighted_mean")),
    Mutant("positions not filed anew after rates rise", "sim/margin_scale.py", "            risk.file_all(x)\n", "",
           (SCALE, "exactly_those")),
    Mutant("the initial rate falls below maintenance", "sim/margin_scale.py",
           "        rows[:, 2] = rows[:, 2].clip(rows[:, 1], 1.0)\n", "", (SCALE, "never_the_lower")),
    Mutant("deserters take what margin holds", "agents/deserters.py",
           "math.floor(free_balance(x, i, initial_rate(x, i, 0.0)))", "math.floor(free_balance(x, i, 0.0))",
           (test_file("deserters"), "all_but")),
    Mutant("deserters go too early", "agents/deserters.py", "x.now[0].time_s >= me.start_s and free", "free",
           (test_file("deserters"), "before_their_time")),
    # published numbers
    Mutant("a published number need not come out", "analysis/check.py",
           "if size <= example.tolerance:\n        return Checked(example, PASS",
           "if True:\n        return Checked(example, PASS",
           (CHECK, "within_its_tolerance")),
    Mutant("a contradiction need not give what is recorded", "analysis/check.py", "if drift > example.tolerance:",
           "if False:", (CHECK, "disagreement_holds")),
    Mutant("the nearest entry of a list is compared", "analysis/check.py", "worst = max(gaps(", "worst = min(gaps(",
           (CHECK, "entry_by_entry")),
    # calibration and carry
    Mutant("what few seeds do is taken for the market's", "analysis/calibration/fit.py",
           "np.hstack([terms(units), own[:, 1:] - own[:, :1]])", "terms(units)",
           (test_file("calibration"), "goes_on_where")),
    Mutant("the surface is not moved", "analysis/calibration/fit.py",
           "moved = values - (terms(way.x[None]) @ surface)[0]", "moved = 0.0",
           (test_file("calibration"), "goes_on_where")),
    Mutant("the worst round is the end", "analysis/calibration/fit.py", "min(ends, key", "max(ends, key",
           (test_file("calibration"), "goes_on_where")),
    Mutant("months of the fit may be held back", "analysis/calibration/observed.py",
           "sorted(set(held_back) & set(FITTED))", "[]", (test_file("calibration"), "months_of_the_fit")),
    Mutant("larger orders of noise traders are as many", "scenarios/ordinary_day.py",
           'NOISE_S * others["noise_order_share"]', "NOISE_S", (test_file("calibration"), "few_large_orders")),
    Mutant("longs and shorts are as eager as each other", "scenarios/calm.py", "entry=short_entry", "entry=long_entry",
           (test_file("patient_arbitrage"), "option_of_calm")),
    Mutant("who takes prices counts one way only", "analysis/papers/carry.py", "abs(at) > 2.0 * cost",
           "abs(at) > cost", (test_file("papers"), "takes_prices")),
    Mutant("who takes prices is paid what it owes", "analysis/papers/carry.py", "then - at - paid", "then - at + paid",
           (test_file("papers"), "takes_prices")),
)  # fmt: skip


def pytest(folder, tests):
    """Return how pytest ended in a folder: 0 all passed, 1 some failed, another if it could not run."""
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
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
        ended = pytest(folder, mutant.tests)
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
    """Return the files whose selected tests fail without any bug."""
    files = {}
    for file, words in (mutant.tests for mutant in chosen):
        files.setdefault(file, set()).add(f"({words or 'test'})")
    with tempfile.TemporaryDirectory(prefix="perpsim-mutant-") as name:
        copy(Path(name))
        return [file for file, words in sorted(files.items()) if pytest(Path(name), (file, " or ".join(words))) != 0]


def main():
    """Run, print and exit."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", help="bugs whose description or file holds this word")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS if options.only in f"{mutant.bug} {mutant.file}"]
    failing = sound(chosen)
    for file in failing:
        print("FAILS WITHOUT A BUG", file)
    bad = len(failing)
    with ThreadPoolExecutor(options.processes) as pool:
        for mutant, said, seconds in pool.map(planted, chosen):
            print(f"{seconds:5.0f} s  {mutant.file:26} {mutant.bug:54} {said}", flush=True)
            bad += said != "caught"
    print(f"{len(chosen)} bugs, {bad} not caught or not sound")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
