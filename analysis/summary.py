"""The headline numbers of a run."""

import numpy as np


def summary(run):
    """Return {name: number} of a run, units in the names; NaN where nothing was there to measure."""
    mark, index = run["mark"], run["index"]
    basis_bps = 1e4 * (mark / index - 1)
    return {
        "seed": run.about["seed"],
        "simulated_hours": float(np.ptp(run["time_s"])) / 3600 if len(mark) else 0.0,
        "mark_first_usd": mark[0] if len(mark) else np.nan,
        "mark_last_usd": mark[-1] if len(mark) else np.nan,
        "mark_lowest_usd": np.min(mark, initial=np.inf, where=~np.isnan(mark)),
        "mark_highest_usd": np.max(mark, initial=-np.inf, where=~np.isnan(mark)),
        "basis_lowest_bps": np.nanmin(basis_bps, initial=np.inf),
        "basis_highest_bps": np.nanmax(basis_bps, initial=-np.inf),
        "liquidations": len(run.liquidations),
        "liquidated_contracts": int(np.abs(run.liquidations["contracts"]).sum()),
        "funding_stamps": len(run.funding),
        "fund_last_coin": run["fund_coin"][-1] if len(mark) else np.nan,
        "adl_contracts": int(np.abs(run.adl["contracts"]).sum()),
    }
