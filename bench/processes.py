"""Wall time and memory of a command and everything it starts."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, kw_only=True)
class Run:
    """`peak_bytes` is the highest sum of the memory of the command and its descendants, sampled. What they share is
    counted once: forked processes share most of it."""

    seconds: float
    peak_bytes: int
    stdout: str

    @property
    def peak_megabytes(self) -> float:
        return self.peak_bytes / 1_000_000


def run(command: Sequence[str], *, environment: Mapping[str, str] | None = None) -> Run:
    """Runs a command to its end; raises CalledProcessError with its output when it fails."""
    started = time.perf_counter()
    child = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    peak = _Peak(child.pid)
    stdout, stderr = child.communicate()
    seconds = time.perf_counter() - started
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command, stdout, stderr)
    return Run(seconds=seconds, peak_bytes=peak.stop(), stdout=stdout)


class _Peak:
    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._done = threading.Event()
        self._highest = 0
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        self._done.set()
        self._thread.join()
        return self._highest

    def _sample(self) -> None:
        while not self._done.wait(0.1):
            try:
                family = [self._process, *self._process.children(recursive=True)]
                self._highest = max(self._highest, sum(map(_bytes, family)))
            except psutil.NoSuchProcess:
                continue


def _bytes(process: psutil.Process) -> int:
    """Resident memory, of what is shared a part (Linux tells it)."""
    rollup = Path(f"/proc/{process.pid}/smaps_rollup")
    try:
        shared = next(line for line in rollup.read_text().splitlines() if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return int(process.memory_info().rss)
    return int(shared.split()[1]) * 1024
