"""Crowded longs, and a rising cost of carry."""

from agents import LeveragedLongs, LogNormal, Uniform
from scenarios.calm import calm
from scenarios.scenario import scenario


@scenario
def funding_squeeze(
    *,
    seed,
    buyers=2_000,
    most_funding=Uniform(low=0.0001, high=0.001),  # noqa: B008
    before_stamp_s=1_800.0,
    leverage=5.0,
    arbitrageurs=5,
    hours=24.0,
    step_s=5.0,
    **market,
):
    """Do longs who step out before a dear stamp bring a crowded contract back to its index?

    Expect: if none of them ever stepped out the mean basis would be 8 basis points higher, and three times as much
    funding be paid: who leaves before the stamp sells what the others bought.

    buyers: number of leveraged longs who come in the course of the day, beside the traders of `calm`
    most_funding: announced rate, a fraction an interval, above which one of them closes and does not enter; inf never
    before_stamp_s: how long before a stamp they look at it, s
    leverage: at which they buy
    arbitrageurs: number of arbitrageurs
    """
    market = calm(seed=seed, arbitrageurs=arbitrageurs, hours=hours, step_s=step_s, **market)
    LeveragedLongs(
        market, name="Buyers", count=buyers, coin=LogNormal(1.0, 1.0), leverage=leverage, entry=0.02,
        most_funding=most_funding, before_stamp_s=before_stamp_s, horizon_s=1e9,
    )  # fmt: skip
    return market
