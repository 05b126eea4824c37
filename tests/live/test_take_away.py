"""What a view's menu "Export" is answered with."""

import csv
import io

import numpy as np
import pytest
from live_helpers import settle

from ganlab import Spec, SpecError
from ganlab.live.wire import decode


def test_a_session_exports_its_run(opened):
    session, browser = opened()
    session.command("step")
    session.command("step")
    settle(session, browser)
    said = {kind: decode(session.export(kind))[0] for kind in ("python", "json", "csv")}
    assert {m["type"] for m in said.values()} == {"export"}
    assert Spec.from_json(said["json"]["text"]) == session.spec
    assert "run.advance(2)" in said["python"]["text"]
    head, *rows = csv.reader(io.StringIO(said["csv"]["text"]))
    arrays = session.history.arrays()
    assert head == list(arrays) and len(rows) == len(arrays["iteration"]) > 0
    for i, name in enumerate(head):
        got = [float(row[i]) if row[i] else np.nan for row in rows]
        np.testing.assert_array_equal(
            got, np.where(np.isfinite(arrays[name]), arrays[name], np.nan)
        )
    for bad in ("png", "", "None", "<b>"):
        with pytest.raises(SpecError, match="one of python, json, csv"):
            session.export(bad)
