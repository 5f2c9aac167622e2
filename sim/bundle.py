"""Bundles of named arrays, and tables of columns, that compiled functions take as one pointer.

Passed as a tuple, fifteen arrays cost every call a hundred words on the stack and a reference count each: three
times the work of the order book itself. A bundle keeps the arrays' addresses and shapes in one block of memory;
compiled code reads from there what it needs, and interpreted code sees ordinary attributes. The arrays stay
alive as long as the bundle does; replacing one makes a new bundle.

`Columns` does the same for a table of numbers, one row an account, of which most are the same in every row.
"""

import operator
from hashlib import blake2b

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.errors import NumbaTypeError
from numba.core.imputils import lower_setattr_generic
from numba.core.typing import signature
from numba.core.typing.templates import AbstractTemplate, AttributeTemplate, infer_global
from numba.extending import (
    NativeValue,
    infer_getattr,
    lower_builtin,
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


class Columns:
    """A table of float64 columns: `table[i].name` is a cell, `table.name` the whole column, (rows,).

    values: name -> a number, the same in all rows and stored once, or (rows,) numbers
    kept:   names of further columns, zeros at first, the only ones that compiled functions write to
    """

    def __init__(self, rows, values, kept=()):
        self._cells = {name: np.array(value, np.float64) for name, value in values.items()}
        self._cells |= {name: np.zeros(rows) for name in kept}
        self._rows, self.names = rows, tuple(self._cells)
        words = [(cells.ctypes.data, cells.itemsize if cells.ndim else 0) for cells in self._cells.values()]
        self._words = np.array(words, np.int64)
        self._numba_type_ = ColumnsType(self.names, tuple(kept))
        self.address = self._words.ctypes.data

    def __getattr__(self, name):
        cells = self.__dict__.get("_cells", {})
        if name not in cells:
            raise AttributeError(f"no column is called {name!r}; there are {tuple(cells)}")
        return np.broadcast_to(cells[name], self._rows) if cells[name].ndim == 0 else cells[name]

    def __getitem__(self, key):
        return getattr(self, key) if isinstance(key, str) else Row(self, key)

    def __len__(self):
        return self._rows


class Row:
    """One row of Columns, as interpreted code sees it."""

    def __init__(self, table, i):
        self.__dict__.update(_table=table, _i=i)

    def __getattr__(self, name):
        return getattr(self._table, name)[self._i]

    def __setattr__(self, name, value):
        getattr(self._table, name)[self._i] = value


class ColumnsType(types.Type):
    """numba's view of Columns: their names, and which may be written to."""

    def __init__(self, names, kept):
        self.names, self.kept = names, kept
        digest = blake2b(repr((names, kept)).encode(), digest_size=6).hexdigest()
        super().__init__(name=f"Columns_{digest}")


class RowType(types.Type):
    """numba's view of one row of Columns."""

    def __init__(self, table):
        self.table = table
        super().__init__(name=f"Row_of_{table.name}")


register_model(ColumnsType)(models.OpaqueModel)


@register_model(RowType)
class _RowModel(models.StructModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, [("words", kind.table), ("row", types.intp)])


@typeof_impl.register(Columns)
def _typeof_columns(value, _context):
    return value._numba_type_


unbox(ColumnsType)(_unbox)


@infer_global(operator.getitem)
class _Rows(AbstractTemplate):
    def generic(self, arguments, keywords):
        table, row = arguments
        if isinstance(table, ColumnsType) and isinstance(row, types.Integer):
            return signature(RowType(table), table, types.intp)
        return None


@lower_builtin(operator.getitem, ColumnsType, types.Integer)
def _row(context, builder, sig, arguments):
    row = cgutils.create_struct_proxy(sig.return_type)(context, builder)
    row.words, row.row = arguments
    return row._getvalue()


@infer_getattr
class _Cells(AttributeTemplate):
    key = RowType

    def generic_resolve(self, row, name):
        return types.float64 if name in row.table.names else None


def cell(context, builder, kind, row, name):
    """Pointer to the cell `name` of a row."""
    row = cgutils.create_struct_proxy(kind)(context, builder, row)
    words = builder.bitcast(row.words, ir.IntType(64).as_pointer())
    at = 2 * kind.table.names.index(name)
    first, stride = (builder.load(builder.gep(words, [ir.Constant(ir.IntType(32), at + k)])) for k in range(2))
    for loaded in (first, stride):
        loaded.set_metadata("invariant.load", builder.module.add_metadata([]))
    return builder.inttoptr(builder.add(first, builder.mul(stride, row.row)), ir.DoubleType().as_pointer())


@lower_getattr_generic(RowType)
def _get_cell(context, builder, kind, row, name):
    return builder.load(cell(context, builder, kind, row, name))


@lower_setattr_generic(RowType)
def _set_cell(context, builder, sig, arguments, name):
    row, value = arguments
    if name not in sig.args[0].table.kept:
        raise NumbaTypeError(f"a rule may write only to its memory (got {name!r}); name it in the crowd's `memory`")
    value = context.cast(builder, value, sig.args[1], types.float64)
    builder.store(value, cell(context, builder, sig.args[0], row, name))
