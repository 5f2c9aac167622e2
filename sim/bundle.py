"""A bundle of named arrays that compiled functions take as one pointer.

Passed as a tuple, fifteen arrays cost every call a hundred words on the stack and a reference count each: three
times the work of the order book itself. A bundle keeps the arrays' addresses and shapes in one block of memory;
compiled code reads from there what it needs, and interpreted code sees ordinary attributes. The arrays stay
alive as long as the bundle does; replacing one makes a new bundle.
"""

from hashlib import blake2b

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AttributeTemplate
from numba.extending import (
    NativeValue,
    infer_getattr,
    lower_getattr_generic,
    models,
    register_model,
    typeof_impl,
    unbox,
)
from numba.np.arrayobj import make_array, populate_array
from numba.np.numpy_support import from_dtype


class Bundle:
    """Named C-contiguous arrays, read as attributes. `replace` gives a bundle with some of them changed."""

    def __init__(self, **arrays):
        self.__dict__.update(arrays)
        self._names = tuple(arrays)
        words = [word for array in arrays.values() for word in (array.ctypes.data, *array.shape)]
        self._words = np.array(words, np.int64)
        self._numba_type_ = bundle_type(tuple((name, array.dtype, array.ndim) for name, array in arrays.items()))
        self.address = self._words.ctypes.data

    def replace(self, **arrays):
        """A bundle with these arrays instead of its own of the same names."""
        return type(self)(**{name: arrays.get(name, getattr(self, name)) for name in self._names})


class BundleType(types.Type):
    """numba's view of a bundle: the names, element types and dimensions of its arrays."""

    def __init__(self, layout):
        self.layout = layout
        self.arrays, self.slots, slot = {}, {}, 0
        for name, dtype, dimensions in layout:
            self.arrays[name] = types.Array(from_dtype(dtype), dimensions, "C")
            self.slots[name] = slot
            slot += 1 + dimensions
        digest = blake2b(repr(layout).encode(), digest_size=6).hexdigest()
        super().__init__(name=f"Bundle_{digest}")


_types = {}


def bundle_type(layout):
    """The one type of that layout."""
    if layout not in _types:
        _types[layout] = BundleType(layout)
    return _types[layout]


@typeof_impl.register(Bundle)
def _typeof(value, _context):
    return value._numba_type_


@register_model(BundleType)
class _Model(models.OpaqueModel):
    pass


@unbox(BundleType)
def _unbox(_type, value, c):
    address = c.pyapi.object_getattr_string(value, "address")
    pointer = c.pyapi.long_as_voidptr(address)
    c.pyapi.decref(address)
    return NativeValue(pointer)


@infer_getattr
class _Attributes(AttributeTemplate):
    key = BundleType

    def generic_resolve(self, bundle, name):
        return bundle.arrays.get(name)


@lower_getattr_generic(BundleType)
def _getattr(context, builder, bundle, pointer, name):
    kind = bundle.arrays[name]
    words = builder.bitcast(pointer, ir.IntType(64).as_pointer())

    def word(slot):
        loaded = builder.load(builder.gep(words, [ir.Constant(ir.IntType(32), slot)]))
        loaded.set_metadata("invariant.load", builder.module.add_metadata([]))
        return loaded

    first = bundle.slots[name]
    shape = [word(first + 1 + axis) for axis in range(kind.ndim)]
    itemsize = context.get_constant(types.intp, bundle_itemsize(bundle, name))
    strides = [itemsize]
    for length in reversed(shape[1:]):
        strides.insert(0, builder.mul(strides[0], length))
    array = make_array(kind)(context, builder)
    data = builder.inttoptr(word(first), array.data.type)
    populate_array(
        array, data=data, shape=cgutils.pack_array(builder, shape), strides=cgutils.pack_array(builder, strides),
        itemsize=itemsize, meminfo=None,
    )  # fmt: skip
    return array._getvalue()


def bundle_itemsize(bundle, name):
    """Bytes of one element of the bundle's array `name`."""
    return next(dtype.itemsize for known, dtype, _ in bundle.layout if known == name)
