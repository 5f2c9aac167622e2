"""A tournament of funding rules on a day on which a crowd of longs arrives."""

from dataclasses import dataclass, replace

from analysis.figures import BLUE, ORANGE
from analysis.peg import funding_paid_bps, outside_band_percent, peg_rms_bps
from analysis.studies.drawing import dots, legend, note, page
from analysis.studies.study import Study
from analysis.summary import basis_mean_bps, funding_highest_percent, liquidations, open_interest_final_contracts
from scenarios import crowded_longs
from sim.continuous_funding import DeadBand
from sim.funding import ClampedPremium
from sim.premium import basis, price_of
from sim.research_funding import LiquidityScaled, PidOnBasis
from sim.skew_funding import AdaptiveImbalance, VelocityOfSkew
from sim.venues import BINANCE, BITMEX, DERIBIT, DRIFT, DYDX, HYPERLIQUID, KRAKEN, OKX, PERPETUAL


@dataclass(frozen=True, kw_only=True)
class MidDeadBand(DeadBand):
    """Deribit's dead band around the premium of the mid.

    Deribit's own is that of its mark, a mean of 30 s of nearly the mid; BitMEX's mark leaves the index by funding only.
    """

    def premium(self, quotes):
        return basis(price_of(quotes, "mid"), quotes.index)


RULES = {
    "none": ClampedPremium(interest=0.0, cap=0.0, rate_at_start=0.0),
    "BitMEX": BITMEX.funding,
    "Binance": BINANCE.funding,
    "OKX": OKX.funding,
    "Deribit (of this mark)": DERIBIT.funding,
    "Deribit (of the mid)": MidDeadBand(),
    "Kraken": KRAKEN.funding,
    "Hyperliquid": HYPERLIQUID.funding,
    "dYdX v4": DYDX.funding,
    "Drift v2": DRIFT.funding,
    "Perpetual v1": PERPETUAL.funding,
    "Synthetix (skew)": VelocityOfSkew(skew_scale=8e8, counterparty="fund"),
    "GMX v2 (imbalance)": replace(AdaptiveImbalance(), counterparty="fund"),
    "premium by liquidity": LiquidityScaled(),
    "PID on the basis": PidOnBasis(),
}
"""Skew is counted in contracts of a USD: Synthetix's scale of 100,000 coins is 8e8 of them at 8,000 USD."""
FEW, MANY = 60, 150


def draw(answer):
    """A Figure: how far from the peg, how often, and what was paid for it, where arbitrageurs are few and many."""
    means = answer.means()
    panels = (
        ("peg_rms_bps", "Distance from the index", "bp, root mean square"),
        ("outside_band_percent", "Further than 10 bp", "% of the time"),
        ("funding_paid_bps", "Funding paid in the day", "bp of open interest"),
    )
    with page(3.6, 1, len(panels), sharey=True) as (figure, axes):
        for ax, (value, title, unit) in zip(axes, panels, strict=True):
            for count, colour, marker, shift in ((FEW, ORANGE, "s", -0.14), (MANY, BLUE, "o", 0.14)):
                chosen = means[means.arbitrageurs == count]
                dots(ax, chosen, "venue.funding", value, colour, marker, shift, label=f"{count} arbitrageurs")
            if value == "funding_paid_bps":
                ax.set_xscale("symlog", linthresh=10.0)
            ax.set_xlim(left=-1.0)
            ax.set_title(title, loc="left")
            ax.set_xlabel(unit)
        legend(figure, axes[0])
        note(
            figure,
            answer,
            "A crowd of leveraged longs arrives in 24 hours, nothing else changes. Bars: standard errors.",
        )
    return figure


funding_rules = Study(
    question="Which funding rule holds a perpetual closest to its index, and what is paid for it?",
    scenario=crowded_longs,
    seeds=range(3),
    arguments={"step_s": 5.0, "arbitrageurs": [FEW, MANY], "venue.funding": RULES},
    metrics=(
        peg_rms_bps, outside_band_percent, basis_mean_bps, funding_paid_bps, funding_highest_percent, liquidations,
        open_interest_final_contracts,
    ),
    draw=draw,
)  # fmt: skip
