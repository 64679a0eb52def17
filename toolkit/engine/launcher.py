"""Runs a Pulumi program in a process of its own; started by `toolkit.engine.process`.

The SDK runs as ever but for two things: it loads modules when they are used (`lazy_sdk`), and waits for outputs
together (`quick_waits`).

Reads its instructions from standard input, one line of JSON, runs the program once, and writes one line of JSON to
standard output. The program's own output goes to standard error. Standard input ends with the engine; this process
then ends too.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import gc
import importlib
import json
import logging
import os
import runpy
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

PARALLEL_CALLS = 64


def main() -> None:
    # A run is short and keeps nearly all it allocates: garbage collection would take a quarter of its time.
    gc.disable()
    engine, reports = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    importlib.import_module("toolkit.engine.lazy_sdk").install()
    # Meanwhile the engine loads its own modules. It sends the instructions after that.
    importlib.import_module("pulumi.runtime")
    text = engine.readline()
    if not text:  # the engine ended before it sent any
        return
    done = threading.Event()
    end = threading.Thread(target=_end_with, args=(engine, done), daemon=True)
    end.start()
    instructions = json.loads(text)
    if instructions["describe"]:
        from toolkit.engine.describing import serve_descriptions

        _server, address = serve_descriptions()
        print(json.dumps({"address": address}), file=reports, flush=True)
    importlib.import_module("toolkit.engine.quick_waits").install()
    quiet_engine = importlib.import_module("toolkit.engine.quiet").QuietEngine
    _import_from(instructions["main"])
    with contextlib.redirect_stdout(sys.stderr):
        report = _run(instructions, quiet_engine)
    done.set()
    print(json.dumps(report), file=reports, flush=True)
    end.join()  # until then the engine may ask for descriptions
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    # Nothing is left to do, and tearing down thousands of SDK classes takes longer than some runs.
    os._exit(0)


def _end_with(engine: IO[str], done: threading.Event) -> None:
    """Ends this process with the engine, whatever the program does, unless it is `done` and ends by itself."""
    engine.read()
    if not done.is_set():
        os._exit(1)


def _run(instructions: dict[str, Any], quiet_engine: Any) -> dict[str, Any]:
    """An empty report when the program ended well."""
    from pulumi import runtime

    runtime.set_all_config(instructions["config"], instructions["secret_keys"])
    runtime.configure(
        runtime.Settings(
            project=instructions["project"],
            stack=instructions["stack"],
            organization=instructions["organization"],
            root_directory=instructions["root"],
            monitor=instructions["monitor"],
            engine=quiet_engine(instructions["monitor"]),
            parallel=PARALLEL_CALLS,
            dry_run=instructions["preview"],
        )
    )
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.set_default_executor(ThreadPoolExecutor(PARALLEL_CALLS))
    try:
        loop.run_until_complete(runtime.run_in_stack(lambda: _execute(instructions["main"])))
    except BaseException as error:  # whatever ended the program, the parent reports it
        return _report(error, Path(instructions["root"]))
    finally:
        with contextlib.suppress(BaseException):
            _cancel_pending(loop)
        loop.close()
    return {}


def _import_from(main: str) -> None:
    """Puts the program's folder first among those that modules are imported from.

    Only now: its modules may have the name of one that the engine needs. A `toolkit` of its own takes the place of
    this one, which is loaded by then.
    """
    folder = Path(main).parent
    sys.path.insert(0, str(folder))
    own = folder / "toolkit"
    if (own.exists() or own.with_suffix(".py").exists()) and not Path(__file__).is_relative_to(own):
        for name in [name for name in sys.modules if name.partition(".")[0] == "toolkit"]:
            del sys.modules[name]


def _execute(main: str) -> None:
    try:
        runpy.run_path(main, run_name="__main__")
    except SystemExit as ended:
        if ended.code not in (None, 0):
            raise


def _cancel_pending(loop: asyncio.AbstractEventLoop) -> None:
    pending = asyncio.all_tasks(loop)
    for task in pending:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))


def _report(error: BaseException, root: Path) -> dict[str, Any]:
    """The error, with the innermost line of the user's own files that led to it.

    `refused` is true for a subclass of `RunError`, which components and settings raise: it names the wrong setting,
    so no line is shown.
    """
    from pulumi import RunError

    cause: BaseException | None = error
    file, line = "", 0
    seen: set[int] = set()
    while cause is not None and not file and id(cause) not in seen:
        seen.add(id(cause))  # the SDK raises errors that are their own cause
        if isinstance(cause, SyntaxError) and cause.filename and _own(cause.filename, root):
            file, line = cause.filename, cause.lineno or 0
        for frame in traceback.extract_tb(cause.__traceback__):
            if _own(frame.filename, root):
                file, line = frame.filename, frame.lineno or 0
        cause = cause.__cause__ or cause.__context__
    return {
        "error": type(error).__name__,
        "os_error": isinstance(error, OSError),
        "refused": isinstance(error, RunError) and type(error) is not RunError,
        "message": str(error).strip(),
        "file": str(Path(file).relative_to(root)) if file else "",
        "line": line,
    }


def _own(filename: str, root: Path) -> bool:
    path = Path(filename)
    return path.is_absolute() and path.is_relative_to(root) and "site-packages" not in path.parts


if __name__ == "__main__":
    main()
