"""How a compiled rule writes its messages: each function fills `out[n]` and returns n + 1."""

from sim.compiled import kernel
from sim.orders import ADD_MARGIN, CANCEL_ALL, DEPOSIT, FALLING, GTC, IOC, RISING, SUBMIT


@kernel
def blank(out, n, account, action, size):
    """Start message `n`."""
    message = out[n]
    message.account, message.action, message.amount = account, action, size
    message.order, message.tick, message.limit, message.lifetime = 0, 0, 0, 0
    message.tif, message.trigger, message.reduce_only = GTC, -1, False
    return message


@kernel
def limit(out, n, account, size, tick, tif, lifetime):
    """Buy (positive) or sell `size` contracts at `tick` or better; the rest stays for `lifetime` steps."""
    message = blank(out, n, account, SUBMIT, size)
    message.tick, message.tif, message.lifetime = tick, tif, lifetime
    return n + 1


@kernel
def market(x, out, n, account, size, reduce_only):
    """Buy (positive) or sell `size` contracts now, at what the book offers."""
    message = blank(out, n, account, SUBMIT, size)
    message.tick = x.terms[0].ticks - 1 if size > 0 else 1
    message.tif, message.reduce_only = IOC, reduce_only
    return n + 1


@kernel
def stop(x, out, n, account, size, tick, source):
    """Close `size` contracts (buys positive) at market once the source falls (sell) or rises (buy) to `tick`."""
    message = blank(out, n, account, SUBMIT, size)
    message.tick, message.reduce_only = tick, True
    message.trigger = 2 * source + (RISING if size > 0 else FALLING)
    message.limit = x.terms[0].ticks - 1 if size > 0 else 1
    return n + 1


@kernel
def cancel_all(out, n, account):
    """Cancel every order of the account, stops included."""
    blank(out, n, account, CANCEL_ALL, 0)
    return n + 1


@kernel
def deposit(out, n, account, units):
    """Bring coin in from outside; negative takes it out."""
    blank(out, n, account, DEPOSIT, units)
    return n + 1


@kernel
def add_margin(out, n, account, units):
    """Move free balance to the isolated position."""
    blank(out, n, account, ADD_MARGIN, units)
    return n + 1
