"""The resources of a running deployment: those done, those of the last one not reached yet, those to be deleted."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace

from toolkit.engine import urns
from toolkit.engine.provider import Properties
from toolkit.engine.state import ResourceState, State


class Inventory:
    """Writes the state after every step. Its resources are in dependency order at all times."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._olds = list(state.resources)
        self._news: dict[str, ResourceState] = {}
        self._deleted_first: set[str] = set()
        self._lock = threading.RLock()

    def find(self, urn: str, aliases: Iterable[str] = ()) -> ResourceState | None:
        """The resource that the last deployment recorded under this URN or one of its aliases."""
        with self._lock:
            live = {old.urn: old for old in self._olds if not old.delete}
        return next((live[name] for name in (urn, *aliases) if name in live), None)

    def done(self, urn: str) -> ResourceState | None:
        """The resource as this deployment left it; `None` before it is done."""
        with self._lock:
            return self._news.get(urn)

    def record(self, state: ResourceState, old: ResourceState | None) -> None:
        """Records a resource as done; it takes the place of `old`."""
        with self._lock:
            if old is not None and old in self._olds:
                self._olds.remove(old)
            self._news[state.urn] = state
            if state != old:
                self._save()

    def delete_later(self, old: ResourceState) -> None:
        """Marks a replaced resource for deletion once everything else is done."""
        with self._lock:
            self._olds[self._olds.index(old)] = replace(old, delete=True)
            self._save()

    def remove(self, state: ResourceState) -> None:
        """Removes a resource that is deleted."""
        with self._lock:
            if state in self._olds:
                self._olds.remove(state)
            elif self._news.get(state.urn) == state:
                del self._news[state.urn]
            self._deleted_first.add(state.urn)
            self._save()

    def was_deleted_first(self, urn: str, aliases: Iterable[str]) -> bool:
        """Whether the resource was deleted before its replacement was created."""
        return not self._deleted_first.isdisjoint((urn, *aliases))

    def leftover(self) -> list[ResourceState]:
        """Resources of the last deployment that this one did not register; dependents first, as they are deleted."""
        with self._lock:
            return list(reversed(self._olds))

    def after(self, state: ResourceState) -> list[ResourceState]:
        """Old resources that may depend on this one, in dependency order."""
        with self._lock:
            following = self._olds[self._olds.index(state) + 1 :]
        return [old for old in following if not old.delete]

    def set_outputs(self, urn: str, outputs: Properties) -> None:
        """Records the outputs that a component registered."""
        with self._lock:
            if urn in self._news:
                changed = replace(self._news[urn], outputs=outputs)
                if changed != self._news[urn]:
                    self._news[urn] = changed
                    self._save()
            if urns.type_of(urn) == urns.STACK_TYPE and outputs != self._state.outputs:
                self._state.outputs = outputs
                self._save()

    def everything(self) -> list[ResourceState]:
        with self._lock:
            return [*self._news.values(), *self._olds]

    def _save(self) -> None:
        self._state.record(self.everything())
