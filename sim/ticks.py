"""From settlement units to the tick scale."""

from sim.compiled import kernel


@kernel
def tick_of(x, units):
    """Where on the tick scale a contract is worth `units`, not rounded, within the ladder."""
    terms = x.terms[0]
    if terms.inverse:
        at = -terms.scale / units / terms.tick if units < 0.0 else terms.ticks - 1.0
    else:
        at = units / terms.scale / terms.tick
    return min(max(at, 0.0), terms.ticks - 1.0)
