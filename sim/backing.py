"""Whether a position is still backed: what stands behind it, and what the venue asks for."""

from sim.compiled import kernel
from sim.ledger import collateral, owes
from sim.orders import tier


@kernel
def backing(x, i, units):
    """Units of equity that stand behind the position of row `i` when a contract is worth `units`."""
    account = x.accounts[i]
    return collateral(account) + account.cost + account.contracts * units - owes(x, i)


@kernel
def maintenance(x, i, units):
    """Units the position of row `i` must be backed by when a contract is worth `units`, closing fee included."""
    account, terms = x.accounts[i], x.terms[0]
    value = float(abs(account.contracts * units))
    row = tier(x, value, units)
    base = float(abs(account.cost)) if terms.entry_basis else value
    return base * (x.tiers[row, 1] + terms.closing_fee) - x.tiers[row, 3]


@kernel
def doomed(x, i, units):
    """Whether row `i` no longer covers its maintenance margin."""
    return x.accounts[i].contracts != 0 and float(backing(x, i, units)) < maintenance(x, i, units)
