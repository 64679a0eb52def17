"""The moto process: `python -m toolkit.local.cloud.moto --port N --snapshot FILE --workers FILE --endpoints FILE`."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cheroot.wsgi import Server
from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from toolkit.errors import ToolkitError
from toolkit.local.cloud.moto import lambda_functions, mail, queues, step_functions, streams, traces, uploads
from toolkit.local.cloud.moto.imports import import_lightly
from toolkit.local.cloud.moto.model_endpoints import ModelEndpoints
from toolkit.local.cloud.moto.server import HEALTH_PATH
from toolkit.local.cloud.moto.snapshot import Snapshot
from toolkit.local.lambda_functions.workers import Workers

SNAPSHOT_SECONDS = 1.0
THREADS = 64
"""As many requests are answered at once; polls of queues and starts that are held back wait in theirs."""
SNAPSHOT_SHARE = 20
"""A snapshot that takes long is taken less often: it may use one part in so many of the time."""


class Application:
    """moto's application, plus the health check and the models' endpoints, plus the count of requests that may have
    changed something."""

    def __init__(self, endpoints: ModelEndpoints) -> None:
        self._endpoints = endpoints
        self.requests = 0
        self._counting = threading.Lock()
        self._moto = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == HEALTH_PATH:
            start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "3")])
            return [b"ok\n"]
        if (scored := self._endpoints.answer(environ, start_response)) is not None:
            return scored
        environ["RAW_URI"] = environ["REQUEST_URI"]
        answer = list(self._moto(environ, start_response))
        is_poll = environ.get("HTTP_X_AMZ_TARGET") == "AmazonSQS.ReceiveMessage"
        # A poll that found nothing does not count: an idle stack is not to be saved every second.
        if not is_poll or any(b'"Messages"' in part for part in answer):
            with self._counting:
                self.requests += 1
        return answer


def serve(port: int, snapshot_file: Path, workers_file: Path, endpoints_file: Path) -> bool:
    """Serves until SIGTERM or SIGINT; the state is on disk at most a few seconds after it changed.

    Returns whether all of it is there in the end.
    """
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    import_lightly()
    workers = Workers(workers_file)
    lambda_functions.forward(workers)
    step_functions.make_fast(workers)
    queues.make_fast()
    streams.forget()
    mail.accept_every_sender()
    uploads.check_forms()
    traces.keep_the_latest()
    snapshot = Snapshot(snapshot_file)
    interrupted = snapshot.restore()
    application = Application(ModelEndpoints(endpoints_file))
    # moto's own server ends the connection after each request.
    server = Server(("127.0.0.1", port), application, numthreads=THREADS, request_queue_size=128)
    server.prepare()
    threading.Thread(target=server.serve, daemon=True).start()
    threading.Thread(target=step_functions.start_again, args=(interrupted, workers), daemon=True).start()
    saved, pause = 0, SNAPSHOT_SECONDS
    while not ending.wait(pause):
        requests = application.requests + step_functions.finished_executions()
        if requests != saved:
            started = time.monotonic()
            snapshot.save()
            saved, pause = requests, max(SNAPSHOT_SECONDS, SNAPSHOT_SHARE * (time.monotonic() - started))
    server.stop()
    return snapshot.save()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m toolkit.local.cloud.moto")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--snapshot", type=Path, required=True)
    parser.add_argument("--workers", type=Path, required=True)
    parser.add_argument("--endpoints", type=Path, required=True)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        sys.exit(0 if serve(arguments.port, arguments.snapshot, arguments.workers, arguments.endpoints) else 1)
    except ToolkitError as error:
        sys.exit(f"{error.message}\n{error.next_step}")


if __name__ == "__main__":
    main()
