"""Theory beside runs: for each piece of `analysis.theory` runs that it speaks of, as one `analysis.figures.Beside`.

`perpsim gallery` draws them all with `analysis.figures.against`.
"""

from analysis.beside import (
    critical_leverage,
    execution,
    fair_price,
    first_passage,
    insurance,
    no_arbitrage,
    quoting,
)  # fmt: skip

ALL = {
    "theory_fair_price": fair_price.beside,
    "theory_no_arbitrage": no_arbitrage.beside,
    "theory_first_passage": first_passage.beside,
    "theory_critical_leverage": critical_leverage.beside,
    "theory_quoting": quoting.beside,
    "theory_execution": execution.beside,
    "theory_insurance": insurance.beside,
}
"""{name of its picture: function that makes the runs and returns the Beside}."""
