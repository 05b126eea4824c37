"""Results on meta tensors, compared with torch's own."""

import subprocess
import sys

import pytest
import torch
from test_cost import RING, VARIED

from ganlab import Spec
from ganlab.engine import cost as module
from ganlab.engine import meta, work

MORE = {
    "symbols": {"target": "strings"},
    "symbols, by reward": {"target": "strings", "estimator": "reinforce"},
    "conditional": {**RING, "conditional": "yes"},
    "joint inference": {**RING, "inference": "joint"},
    "many faced at once": {**RING, "loss": "relativistic-average", "batch": 300},
}
ALL = VARIED | MORE

_ALONE = """
import sys
from ganlab import Spec
from ganlab.engine.cost import cost
for query in sys.argv[1:]:
    cost(Spec.from_query(query))
print([name for name in ("torch._dynamo", "sympy") if name in sys.modules])
"""


@pytest.fixture
def known(monkeypatch):
    """Names of the operations whose results were compared, and of those left to torch."""
    compared, left, own = set(), set(), meta.result

    def both(func, args, kwargs):
        before = [tuple(x.shape) for x in args if isinstance(x, torch.Tensor)]
        mine = own(func, args, kwargs)
        if mine is None:
            left.add(func._schema.name)
            return None
        theirs = func(*args, **kwargs)
        assert mine.shape == theirs.shape, (func, before)
        assert mine.dtype == theirs.dtype and mine.device == theirs.device, (func, before)
        compared.add(func._schema.name)
        return mine

    monkeypatch.setattr(work.meta, "result", both)
    module._cost.cache_clear()
    yield compared, left
    module._cost.cache_clear()


@pytest.mark.parametrize("name", ALL)
def test_shapes_and_types_are_those_of_torch(known, name):
    compared, left = known
    module.cost(Spec(**ALL[name]))
    assert len(compared) > 10
    # Only operations without a shape here are left to torch.
    assert not left & {f"aten::{name}" for name in meta._SHAPES}


def test_index_and_cut():
    x = torch.empty(2, 7, 3, device="meta")
    at = torch.zeros(4, dtype=torch.int64, device="meta")
    aten = torch.ops.aten
    found = meta.result(aten.index.Tensor, (x, [None, at]), {})
    assert found.shape == (2, 4, 3) and found.dtype == torch.float32
    assert meta.result(aten.index.Tensor, (x, [at, at]), {}) is None  # torch does that
    assert meta.result(aten.add.Tensor, (torch.ones(2), torch.ones(2)), {}) is None
    assert meta.result(aten.masked_fill_.Scalar, (x, x > 0, 0.0), {}) is x


def test_counting_imports_no_compiler():
    """It would hold the interpreter lock of a server for a second, and take 70 MB."""
    # D's kernels in blocks give the gradients of their results to torch, which then imports it.
    names = ALL.keys() - {"many kernels in blocks"}
    queries = [Spec(**ALL[name]).to_query() for name in names]
    done = subprocess.run(
        [sys.executable, "-c", _ALONE, *queries], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]", done.stdout


@pytest.mark.parametrize("name", "maximum minimum ne le log log1p rsqrt clamp_max".split())
def test_rarer_operations(name):
    """Which no Spec above uses."""
    func = getattr(torch.ops.aten, name)
    func = func.Tensor if hasattr(func, "Tensor") else func.default
    x, y = torch.empty(4, 1, 3, device="meta"), torch.empty(5, 1, device="meta")
    args = {1: (x,), 2: (x, y)}[sum(a.type.kind() == "TensorType" for a in func._schema.arguments)]
    mine, theirs = meta.result(func, args, {}), func(*args)
    assert mine.shape == theirs.shape and mine.dtype == theirs.dtype
