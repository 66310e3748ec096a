"""Measures the memory of a process group."""

import os
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Self

_INTERVAL_SECONDS = 0.25
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class MemoryWatch:
    """A context manager that watches the memory of process group `group`; on Linux only."""

    def __init__(self, group: int) -> None:
        self._group = group
        self._ended = Event()
        self._thread = Thread(target=self._watch, daemon=True)
        self.peak_bytes = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(_INTERVAL_SECONDS):
            resident = sum(_read_resident_bytes(path, self._group) for path in _list_processes())
            self.peak_bytes = max(self.peak_bytes, resident)


def _list_processes() -> list[Path]:
    return list(Path("/proc").glob("[0-9]*"))


def _read_resident_bytes(process: Path, group: int) -> int:
    try:
        # "pid (name) state ppid pgrp ..."; the name may hold spaces and parentheses.
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        if int(fields[2]) != group:
            return 0
        return int((process / "statm").read_text().split()[1]) * _PAGE_BYTES
    except (FileNotFoundError, ProcessLookupError):
        return 0
