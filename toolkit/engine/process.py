"""The process that a program runs in, as the engine sees it. The code inside it is `toolkit.engine.launcher`.

Importing it is cheap. A command starts the process first, so that its own imports run at the same time as the SDK's.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from toolkit.engine.program import Program

LAST_BYTES = 4096
"""How much of a quiet process's output is worth showing."""
END_SECONDS = 2.0
"""How long the process has to end by itself."""


class ProgramProcess:
    """Loads the Pulumi SDK at once, waits for its instructions and runs the program once. It ends with the block.

    What a `quiet` one prints to standard error is kept in a temporary file.
    """

    def __init__(self, program: Program, *, quiet: bool = False) -> None:
        self._kept = tempfile.TemporaryFile() if quiet else None  # noqa: SIM115 - closed by `__exit__`
        self._child = subprocess.Popen(
            # -P: a `queue.py` in the program's folder must not take the place of the standard library's.
            [program.python, "-P", "-m", "toolkit.engine.launcher"],
            cwd=program.folder,
            env=os.environ | {"GRPC_VERBOSITY": "NONE", "PYTHONUNBUFFERED": "1", "PYTHONPATH": _python_path()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._kept,
            text=True,
            start_new_session=True,  # Ctrl-C reaches only the engine, which ends this process
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        interrupted = kind is not None and issubclass(kind, KeyboardInterrupt)
        # The end of its input ends the process, unless its program is done: then it ends by itself.
        with contextlib.suppress(BrokenPipeError):
            _pipe(self._child.stdin).close()
        try:
            self._child.wait(timeout=0 if interrupted else END_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        _pipe(self._child.stdout).close()
        if self._kept:
            self._kept.close()

    def last_lines(self) -> str:
        """The end of what a quiet process has printed."""
        if self._kept is None:
            return ""
        size = self._kept.seek(0, os.SEEK_END)
        self._kept.seek(max(0, size - LAST_BYTES))
        return self._kept.read().decode(errors="replace").strip()

    def send(self, instructions: dict[str, Any]) -> None:
        """Sends what to run, once."""
        with contextlib.suppress(BrokenPipeError):
            print(json.dumps(instructions), file=_pipe(self._child.stdin), flush=True)

    def receive(self) -> dict[str, Any] | None:
        """The next report of the process; `None` when it has ended."""
        line = _pipe(self._child.stdout).readline()
        return json.loads(line) if line else None


def _python_path() -> str:
    """Where the process finds this toolkit, and then what it would find anyway."""
    here = str(Path(__file__).parents[2])
    return os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH", ""))))


def _pipe(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise ValueError("the process was started without a pipe")
    return stream
