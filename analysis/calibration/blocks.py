"""Blocks of three days: the same shape for a run and for a record, so that one function measures both."""

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

DAYS = 3
"""Of a block: resampled whole, so that what lasts over a night stays."""
BAR_S = 300.0
BARS = int(DAYS * 86_400 / BAR_S)
STAMPS = DAYS * 3
"""8-hourly fundings of a block."""

PERP, SPOT = "xbtusd_bitmex_5m_2017_2023.parquet", "btc_binance_spot_5m_2019_2025.parquet"
RATES = "funding_bitmex_xbtusd_8h_2016_2024.csv"
FILES = PERP, SPOT, RATES


class Blocks(NamedTuple):
    """Independent stretches of three days of a market.

    index: (blocks, BARS) spot or the index at the end of every 5 minutes, USD
    perp:  (blocks, BARS) the last trade of the contract then, USD
    rates: (blocks, STAMPS) fundings, fractions
    """

    index: np.ndarray
    perp: np.ndarray
    rates: np.ndarray

    def taken(self, numbers):
        """Return some of the blocks, by number, one perhaps several times."""
        return Blocks(*(each[numbers] for each in self))


def joined(parts):
    """Return several Blocks as one."""
    return Blocks(*map(np.concatenate, zip(*parts, strict=True)))


def of_run(run, after_s):
    """Return the one block of a run that begins `after_s` seconds from its start."""
    series, funding = run.series, run.funding
    rows = (series.time_s > after_s) & (series.time_s % BAR_S == 0.0)
    rates = funding.rate[funding.time_s > after_s]
    if rows.sum() != BARS or len(rates) != STAMPS:
        got = f"{rows.sum()} bars and {len(rates)} fundings"
        raise ValueError(f"a block must be {BARS} bars and {STAMPS} fundings (got {got}); run {24 * DAYS} hours more")
    return Blocks(series.index[None, rows], series["last"][None, rows], rates[None])


def of_record(folder, months):
    """Return the whole blocks of some months, such as "2020-01", from the files of a folder.

    Blocks begin with a month; one with a bar missing on either side is left out, and so is what a month has beyond.
    FileNotFoundError names the file that is not there; ValueError names months that have no whole block,
    or says that there are not two.
    """
    import pandas

    folder = Path(folder)
    for name in FILES:
        if not (folder / name).is_file():
            raise FileNotFoundError(f"the record must be in {folder} (no {name}); name its folder with --data")
    perp = pandas.read_parquet(folder / PERP)["close_x2"] / 2.0
    spot = pandas.read_parquet(folder / SPOT)["close_x100"] / 100.0
    rates = pandas.read_csv(folder / RATES, parse_dates=["ts_utc"], index_col=0)["funding_rate"]
    rates.index = rates.index.tz_localize(None)
    lasts = pandas.Timedelta(days=DAYS)
    blocks = {month: [block(spot, perp, rates, day, lasts) for day in first_days(month_of(month))] for month in months}
    whole = {month: [each for each in all_of_it if each is not None] for month, all_of_it in blocks.items()}
    empty = [month for month, found in whole.items() if not found]
    if empty or sum(map(len, whole.values())) < 2:
        got = ", ".join(empty or months)
        raise ValueError(f"months must have blocks of {DAYS} days without a bar missing, two in all (got {got})")
    return joined([each for found in whole.values() for each in found])


def month_of(text):
    """Return the pandas Period of a month, such as "2020-01"; ValueError if it is none."""
    import pandas

    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise ValueError(f"a month must be YYYY-MM (got {text!r}); say 2020-01")
    return pandas.Period(text)


def scatter(folder, left_out):
    """Return the standard deviation of the logarithm of spot's volatility from block to block, about its mean of four
    months, and how many blocks that is from: all whole ones of the record but those of some months.

    Spans begin in November, March and July, as the months of the fit and those held back do.
    """
    import pandas

    spot = pandas.read_parquet(Path(folder) / SPOT)["close_x100"]
    months = pandas.period_range(spot.index[0], spot.index[-1], freq="M")
    spans = {}
    for month in months[~months.strftime("%Y-%m").isin(left_out)]:
        for start in first_days(month):
            bars = spot[(spot.index >= start) & (spot.index < start + pandas.Timedelta(days=DAYS))]
            if len(bars) == BARS:
                spans.setdefault((month.ordinal + 2) // 4, []).append(log_volatility(bars.to_numpy()[None])[0])
    away = np.concatenate([np.subtract(each, np.mean(each)) for each in spans.values()])
    return float(np.sqrt(np.sum(away**2) / (len(away) - len(spans)))), len(away)


def log_volatility(prices):
    """Return (blocks,) logarithms of the standard deviation of 5-minute returns within each block."""
    return 0.5 * np.log(np.mean(np.diff(np.log(prices), axis=1) ** 2, axis=1))


def first_days(month):
    """Return the first days of the whole blocks of a month, a pandas Period."""
    import pandas

    return pandas.date_range(month.start_time, periods=month.days_in_month // DAYS, freq=f"{DAYS}D")


def block(spot, perp, rates, start, lasts):
    """Return the block from `start` on, or None where a bar is missing."""
    here = [each[(each.index >= start) & (each.index < start + lasts)] for each in (spot, perp, rates)]
    if [len(each) for each in here] != [BARS, BARS, STAMPS]:
        return None
    return Blocks(*(each.to_numpy(float)[None] for each in here))
