"""Pictures of theory beside runs: one function draws them all."""

from functools import partial

from analysis import beside, figures
from analysis.gallery.picture import Picture

WORDS = {
    "theory_fair_price": (
        "Where does interest in the funding move a perpetual?",
        "Those who carry the contract for its funding bring it to the fair price of Ackerer, Hugonnier and Jermann: a "
        "basis point cheaper for every basis point that longs are charged in an interval.",
        "0 to 2, five rates of interest",
    ),
    "theory_no_arbitrage": (
        "How dear may a contract get before arbitrage brings it back?",
        "Longs push the price up to the squares. Arbitrageurs who count what entering and leaving cost bring it back "
        "into the band where that is lower, and hardly move it where the squares lie inside already.",
        "0 to 3, at four fees, twice",
    ),
    "theory_first_passage": (
        "How likely is a leveraged long to be liquidated by chance?",
        "The reflection principle, with the barrier moved for marks that come only now and then, on runs in which "
        "nobody moves the price.",
        "0 to 199, at two cadences",
    ),
    "theory_critical_leverage": (
        "At which leverage does closing a position cost more than its margin?",
        "One position is sold into a book of square-root impact; the point is where the fund begins to pay. No chance "
        "is in it.",
        "0",
    ),
    "theory_quoting": (
        "How wide does a maker quote who minds its inventory?",
        "Avellaneda and Stoikov's maker on the exchange, in ticks of a thousandth.",
        "0 to 11, at four aversions",
    ),
    "theory_execution": (
        "How fast should a position be sold while it moves the basis?",
        "A seller who follows Donnelly, Lin and Lorig's feedback in a market of makers, arbitrageurs and others, whose "
        "impact is not the formula's straight line: what is off the curve is that difference.",
        "0 to 11",
    ),
    "theory_insurance": (
        "How large should an insurance fund be?",
        "The line is the cost of a fund in half of the runs, its lowest point the optimal size; the points are the "
        "other half. Losses have a heavy tail, hence the wide bars of small funds.",
        "0 to 79, each with a fall of its own",
    ),
}


def drawn(make):
    """A Figure of one Beside."""
    return figures.drawn([partial(figures.against, make())], width=figures.COLUMN * 1.2, height=2.9)


def pictures():
    """{name: Picture}."""
    return {
        name: Picture(
            question=WORDS[name][0], see=WORDS[name][1], seeds=WORDS[name][2], command=f"perpsim gallery {name}",
            panels=(figures.against,), draw=lambda _, make=make: drawn(make),
        )
        for name, make in beside.ALL.items()
    }  # fmt: skip
