"""Memory asked for ahead of its use: a record that is known to be needed soon is on its way while others are handled.

Rows of accounts and orders are visited in an order that chance draws, so each first look at one waits for memory, 20
to 100 ns, longer than all that is then done with it. Asking changes no result and cannot fail.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload

from sim.compiled import kernel

FEW = 4
"""Orders of an account that are asked for at most: who has hundreds is not to be walked through for one message."""
READ, NEAR, DATA = 0, 3, 1
"""Arguments of LLVM's `prefetch`: to be read, to be kept in every cache, data and not code."""


def fetch(array, i):
    """Ask for the record `array[i]`; `i` must lie in the array. Interpreted code has nothing to ask for."""


@intrinsic
def _prefetch(context, array, i):
    def generate(context, builder, signature, arguments):
        made = context.make_array(signature.args[0])(context, builder, arguments[0])
        place = cgutils.get_item_pointer(context, builder, signature.args[0], made, [arguments[1]], wraparound=False)
        pointer = builder.bitcast(place, ir.IntType(8).as_pointer())
        word = ir.IntType(32)
        ask = builder.module.declare_intrinsic(
            "llvm.prefetch", [pointer.type], ir.FunctionType(ir.VoidType(), [pointer.type, word, word, word])
        )
        builder.call(ask, [pointer, word(READ), word(NEAR), word(DATA)])
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


@overload(fetch, inline="never")
def _fetch(array, i):
    if isinstance(array, types.Array):
        return lambda array, i: _prefetch(array, i)
    return None


@kernel
def fetch_order(x, i):
    """Ask for the first order of row `i`, whose account has come; slot 0 stands for none, as in `fetch_queues`."""
    fetch(x.orders, max(x.accounts[i].orders, 0))


@kernel
def fetch_second_order(x, i):
    """Ask for the second order of row `i`, whose first has come."""
    o = x.accounts[i].orders
    if o >= 0 and x.orders[o].own_next >= 0:
        fetch(x.orders, x.orders[o].own_next)


@kernel
def fetch_queues(x, i):
    """Ask for what taking away the first few orders of row `i` writes to: levels, and neighbours in the queues. What is
    not there stands for slot 0, since asking in vain costs less than to guess whether there is something."""
    o, asked = x.accounts[i].orders, 0
    while True:
        order = x.orders[max(o, 0)]
        fetch(x.levels, order.tick)
        fetch(x.orders, max(order.prev, 0))
        fetch(x.orders, max(order.next, 0))
        asked += 1
        if min(o, order.own_next) < 0 or asked == FEW:
            return
        o = order.own_next
