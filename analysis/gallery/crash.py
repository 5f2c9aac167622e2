"""Pictures of one crash: a flash crash with a thinner book and fewer, larger accounts than the scenario has."""

from functools import partial

from analysis import figures
from analysis.gallery.picture import Call, Picture
from analysis.pair import figure as pair_figure
from scenarios import flash_crash
from sim.maps import Maps

CRASH = Call(
    scenario=flash_crash,
    arguments=dict(
        start="2020-01-01T02:30",
        hours=2.0,
        step_s=1.0,
        depth=0.6,
        longs=500,
        shorts=400,
        noise=1_000,
        fills=True,
        maps=Maps(every_s=10.0),
    ),
)
ABSORBED = {"forced": "absorbed"}
PAIR = (
    figures.twin_prices, figures.twin_gap, figures.twin_discounts, figures.twin_liquidated, figures.twin_funds,
)  # fmt: skip
OVERVIEW = (
    figures.price, figures.discount, figures.funding, figures.open_interest, figures.fund, figures.engine,
    figures.depth,
)  # fmt: skip


def stack(*panels, height, ratios=None):
    """A function that draws panels of the crash above one another."""
    return lambda _: figures.drawn([partial(each, CRASH.run()) for each in panels], height=height, ratios=ratios)


def pictures():
    """{name: Picture} of the crash."""
    about = {"command": CRASH.command, "seeds": "1"}
    return {
        "overview": Picture(
            question="What happened in the run?",
            see="Spot falls a tenth in ten minutes, and before that is over nobody bids. What the engine then holds it "
            "sells to whoever comes: the last trade goes on falling for the rest of the run, at the fund's cost.",
            panels=OVERVIEW, draw=lambda _: figures.overview(CRASH.run()), **about,
        ),
        "cascade": Picture(
            question="Which liquidation brought about which?",
            see="Open circles would have come without the others; filled ones came by the price impact of the one to "
            "which a line leads back. Below, the same by generation: most of what breeds comes once the bids are gone.",
            panels=(figures.anatomy, figures.genealogy),
            draw=stack(figures.anatomy, figures.genealogy, height=5.4, ratios=(1.3, 1.0)), **about,
        ),
        "book": Picture(
            question="Where were the bids while it fell?",
            see="Makers' quotes follow the price as long as they can. Then the bids are gone, and old offers are left "
            "standing above the price.",
            panels=(figures.book_heat,), draw=stack(figures.book_heat, height=3.2), **about,
        ),
        "liquidations": Picture(
            question="Where would positions be liquidated?",
            see="The mark walks down through the longs, whose prices are gone once it has passed. The dark cloud that "
            "comes up from below as the price falls is of those who buy on the way, makers above all.",
            panels=(figures.liquidation_heat,), draw=stack(figures.liquidation_heat, height=3.2), **about,
        ),
        "animation": Picture(
            question="What does a cascade look like as it happens?",
            see="Right: contracts that would be liquidated at each price, to the left of the middle, and what rests in "
            "the book, to the right of it. The mark, a line, eats the first while the second is pulled.",
            panels=(figures.cascade_animation,), draw=lambda _: figures.cascade_animation(CRASH.run()), moves=True,
            **about,
        ),
        "twin": Picture(
            question="How much of the fall did the liquidations cause?",
            see="The twin has the same seed, and its forced closes leave at the mark without touching the book. What "
            "is between the two is what their orders did; one pair is an anecdote, a sweep says how much is chance.",
            command=f"{CRASH.command} --twin forced=absorbed", seeds="1", panels=PAIR,
            draw=lambda _: pair_figure(CRASH.run(), CRASH.run(**ABSORBED)),
        ),
    }  # fmt: skip
