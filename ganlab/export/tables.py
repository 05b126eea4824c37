"""Curves as tables, CSV and Parquet, with their units; samples, fields and parameters as NPZ."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from ganlab import words
from ganlab.engine import Run
from ganlab.engine.draws import generator
from ganlab.targets import make_target

SAMPLES = 10_000  # of p_g and of p_data, in a file with data
Columns = Mapping[str, Sequence[float] | np.ndarray]


def unit(name: str) -> str:
    """The unit of a curve; "" if it has none."""
    word = words.MEASURES.get(name)
    found = "" if word is None else word.unit
    # It depends on the loss: the explanation names those for which it is another one.
    return "nats or units of D's output" if ";" in found else found


def header(name: str) -> str:
    """The title of a column in a CSV file: its name, with its unit in brackets."""
    return f"{name} [{unit(name)}]" if unit(name) else name


def curves(columns: Columns) -> str:
    """Columns (n,) as CSV: numbers with all digits, empty if not finite, units in the header."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([header(name) for name in columns])
    for row in zip(*columns.values(), strict=True):
        writer.writerow([_number(value) for value in row])
    return out.getvalue()


def parquet(columns: Columns, spec: str = "") -> bytes:
    """Columns (n,) as a Parquet file: missing if not finite, units in the metadata of each field.

    spec: JSON, which becomes the metadata "spec" of the file.
    """
    import pyarrow as pa
    from pyarrow import parquet as pq

    arrays, fields = [], []
    for name, values in columns.items():
        whole = name in ("run", "iteration")
        found = np.asarray(values, np.float64)
        kind = pa.int64() if whole else pa.float64()
        given = found.astype(np.int64) if whole else found
        arrays.append(pa.array(given, kind, mask=~np.isfinite(found)))
        fields.append(pa.field(name, kind, metadata={"unit": unit(name)}))
    out = io.BytesIO()
    schema = pa.schema(fields, metadata={"spec": spec} if spec else None)
    pq.write_table(pa.table(arrays, schema=schema), out, compression="zstd")
    return out.getvalue()


def data(run: Run) -> bytes:
    """Samples, fields, numbers and parameters of each of the R runs, as an NPZ file.

    samples, p_data (R, 10000, dim); picture.NAME, as drawn, and metrics.NAME: see `Snapshot`;
    G.NAME, D.NAME and, with an encoder, E.NAME: the nets' state_dict, stacked over the runs; specs
    (R,): JSON. If p_data is of the user's own points: original.samples, original.p_data (R, 10000,
    dim) in their units, and original.centre, original.spread (dim,). It holds no pickled
    objects. Raises `SpecError` for images.
    """
    run.spec.in_a_lab()
    runs = range(len(run.specs))
    shot = run.snapshot()
    arrays: dict[str, Any] = {
        "iteration": np.array(run.iteration),
        "specs": np.array([spec.to_json() for spec in run.specs]),
        "samples": np.stack([run.sample(SAMPLES, run=r) for r in runs]),
        "p_data": np.stack(
            [
                make_target(s.target, s.target_params)
                .sample(SAMPLES, generator(0, "sample"))
                .numpy()
                for s in run.specs
            ]
        ),
    }
    if (units := make_target(run.spec.target, run.spec.target_params).units) is not None:
        own = {n: arrays[n] * units.spread + units.centre for n in ("samples", "p_data")}
        own |= {"centre": units.centre, "spread": units.spread}
        arrays |= {f"original.{name}": value for name, value in own.items()}
    arrays |= {f"metrics.{name}": value for name, value in shot.metrics.items()}
    arrays |= {f"picture.{name}": value for name, value in shot.picture.items()}
    players = {
        "G": [run.generator(r).state_dict() for r in runs],
        "D": [run.discriminator(r).state_dict() for r in runs],
    }
    if run.spec.inference != "none":
        players["E"] = [run.encoder(r).state_dict() for r in runs]
    for name, nets in players.items():
        arrays |= {f"{name}.{key}": torch.stack([n[key] for n in nets]).numpy() for key in nets[0]}
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)
    return out.getvalue()


def _number(value: float) -> str:
    value = float(value)
    if not math.isfinite(value):
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
