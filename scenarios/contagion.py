"""Two exchanges of one market, of which one fails."""

from dataclasses import replace

from agents import CrossVenueArbitrageurs, LogNormal
from scenarios.scenario import scenario
from scenarios.shock import HIGH, filled, shocked
from sim.venues import BITMEX


@scenario
def contagion(
    *,
    seed,
    arbitrageurs=20,
    arbitrageur_coin=10.0,
    transfer_s=1_800.0,
    fall=0.1,
    over_s=600.0,
    leverage=20.0,
    depth=0.5,
    fund_coin=1.0,
    halt_hours=0.0,
    other_venue=BITMEX,
    other_depth=1.0,
    other_fund_coin=1_000.0,
    **market,
):
    """Does the failure of one exchange reach another one through those who trade at both?

    Expect: yes: with arbitrageurs the deepest discount of the sound exchange within the hour is 8 percentage points
    deeper, 8 instead of 0.5 %, nearly that of the failing one, which it does not make shallower. What the one has to
    sell they sell at the other; its makers, who take that in the fall, leave as they do without arbitrageurs, but do
    not come back, and then the discount grows until the end of the hour and beyond it. The failing exchange gains:
    three quarters fewer contracts of its winners are closed against their will. After a fall of 5 %, or with four times
    the makers at the sound exchange, it feels nothing. That the other's fund is empty matters little to it; a halt
    there from the middle of the fall on leaves it a discount of some 2 %.

    arbitrageurs: between the exchanges, their number
    arbitrageur_coin: of each of them at each exchange
    transfer_s: mean time their coin takes from an exchange to a wallet of theirs, and from there to the other
    fall: of spot, a fraction, which both exchanges read
    over_s: how long it takes, s
    leverage: median effective leverage of the longs at the failing exchange, the market's first; the other has 8
    depth: capital of the market makers there, as a multiple of the usual
    fund_coin: insurance fund there
    halt_hours: how long nothing trades there from the middle of the fall on
    other_venue: rules of the sound exchange
    other_depth: capital of the market makers of the sound exchange
    other_fund_coin: insurance fund of the sound exchange
    """
    middle = 0.25 + over_s / 7_200.0
    halt = market.pop("halt", ()) or ((middle, middle + halt_hours) if halt_hours else ())
    longs = LogNormal(median=leverage, sigma=0.5, low=1.0, high=min(80.0, market.get("venue", BITMEX).max_leverage))
    market = shocked(
        seed=seed, move=-fall, over_s=over_s, depth=depth, longs=longs, fund_coin=fund_coin, halt=halt, **market
    )
    other = market.beside("sound", venue=other_venue, fund_coin=other_fund_coin)
    filled(other, depth=other_depth, longs=replace(HIGH, high=min(HIGH.high, other_venue.max_leverage)))
    CrossVenueArbitrageurs(market, other=other, count=arbitrageurs, coin=arbitrageur_coin, transfer_s=transfer_s)
    return market
