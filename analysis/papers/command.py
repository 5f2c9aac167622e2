"""`perpsim check --papers`: results of papers, made again here; what each claims, what came, and how long it took."""

import time

from analysis.papers import (
    avellaneda_stoikov,
    carry,
    critical_leverage,
    deep_arbitrage,
    metaorders,
    order_lifetime,
    selection,
    theory,
    thurner,
)
from analysis.papers.row import AGREES, MISSED
from sim.spelling import unknown

THEORY = {
    "theory": (theory.table, "Closed forms and estimators beside the numbers that their papers print"),
    "selection": (selection.table, "White, Hansen, Bailey and others: the best of many rules, and the luckiest"),
}
PAPERS = {
    "deep_arbitrage": (deep_arbitrage.table, "Ackerer, Hugonnier, Jermann: the fair price under deep arbitrage"),
    "critical_leverage": (critical_leverage.table, "Caccioli, Bouchaud and Farmer: critical leverage under impact"),
    "avellaneda_stoikov": (avellaneda_stoikov.table, "Avellaneda and Stoikov: inventory against symmetric quotes"),
    "thurner": (thurner.table, "Thurner, Farmer and Geanakoplos: leverage makes fat tails"),
    "metaorders": (metaorders.table, "Donier and Bonart: the impact of a metaorder grows as its square root"),
    "order_lifetime": (order_lifetime.table, "Rao: a market of chartists, bias and the lifetime of orders"),
    "carry": (carry.table, "He, Manela, Ross and von Wachter: the Sharpe ratio of carry falls with fees"),
}


def check(names=(), papers=False, theory=False, say=print):
    """{name: [Row]} of the papers named, of all with `papers` if none is, and of theory, printed as they come."""
    known = PAPERS | THEORY
    for name in names:
        if name not in known:
            raise ValueError(unknown("paper", name, known))
    found, chosen = {}, [*(names or (PAPERS if papers else ())), *(THEORY if theory else ())]
    for name in chosen:
        make, title = known[name]
        since = time.perf_counter()
        found[name] = make()
        say(f"{title} ({name}, {time.perf_counter() - since:.0f} s)")
        say(lines(found[name]) + "\n")
    say(counted(found))
    return found


def lines(rows):
    """Rows as a table to read."""
    cells = [("  claim", "published", "simulated", "error", "verdict"), *map(cells_of, rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(f"{word:<{width}}" for word, width in zip(row, widths, strict=True)).rstrip() for row in cells
    )


def cells_of(row):
    """Texts of a row; a published sign is shown as one."""
    published = {float("inf"): "positive", float("-inf"): "negative"}.get(row.published, f"{row.published:.5g}")
    published = "-" if row.published != row.published else published
    return f"  {row.claim}", published, f"{row.simulated:.5g}", f"{row.standard_error:.2g}", row.verdict


def counted(found):
    """The sentence that ends the table."""
    verdicts = [row.verdict for rows in found.values() for row in rows]
    agree, missed = (sum(each == verdict for each in verdicts) for verdict in (AGREES, MISSED))
    return f"{len(verdicts)} rows of {len(found)} papers: {agree} agree, {missed} missed; docs/papers.md says why"
