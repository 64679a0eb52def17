"""The calls of a provider on behalf of one resource: timed, told as events, failures as clear errors."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager

from toolkit.engine.events import Event, OnEvent, Operation
from toolkit.engine.provider import Created, Diff, Properties, Provider, ProviderError
from toolkit.engine.registration import Registration
from toolkit.engine.state import ResourceState
from toolkit.engine.values import mark_secrets, reveal
from toolkit.errors import ToolkitError

Subject = Registration | ResourceState


class ProviderCalls:
    """Hands a provider plain values, and gives its answers their secret marks back."""

    def __init__(self, provider: Provider, on_event: OnEvent, *, preview: bool) -> None:
        self._provider = provider
        self._on_event = on_event
        self._preview = preview

    def check(self, goal: Registration, olds: Properties | None, news: Properties) -> Properties:
        """Inputs with defaults and names filled in.

        Raises:
            ToolkitError: the provider refuses them; the message gives each property and its reason.
        """
        seed = secrets.token_bytes(32)
        with _explained(goal):
            known = None if olds is None else reveal(olds)
            checked = self._provider.check(goal.urn, goal.type, goal.name, known, reveal(news), seed)
        if checked.failures:
            reasons = "; ".join(f"{f.property}: {f.reason}" if f.property else f.reason for f in checked.failures)
            raise ToolkitError(f"{goal.title} is refused: {reasons}", next_step=f"correct it at {goal.place}")
        return mark_secrets(checked.inputs, news)

    def diff(self, subject: Subject, old: ResourceState, news: Properties) -> Diff:
        with _explained(subject):
            return self._provider.diff(
                subject.urn, old.type, old.id, reveal(old.inputs), reveal(old.outputs), reveal(news)
            )

    def create(self, goal: Registration, inputs: Properties, operation: Operation) -> Created:
        with self._told(operation, goal):
            created = self._provider.create(goal.urn, goal.type, reveal(inputs), preview=self._preview)
        outputs = mark_secrets(created.outputs, inputs, goal.additional_secret_outputs)
        return Created(id=created.id, outputs=outputs)

    def update(self, goal: Registration, old: ResourceState, inputs: Properties) -> Properties:
        before, now = reveal(old.inputs), reveal(inputs)
        with self._told("update", goal):
            outputs = self._provider.update(
                goal.urn, goal.type, old.id, before, reveal(old.outputs), now, preview=self._preview
            )
        return mark_secrets(outputs, inputs, goal.additional_secret_outputs)

    def read(self, goal: Registration, id: str, operation: Operation) -> Created:
        with self._told(operation, goal):
            found = self._provider.read(goal.urn, goal.type, id, reveal(goal.inputs))
            if found is None:
                raise ProviderError(f"there is none with the id {id!r}")
        outputs = mark_secrets(found.outputs, goal.inputs, goal.additional_secret_outputs)
        return Created(id=found.id, outputs=outputs)

    def delete(self, state: ResourceState) -> None:
        """Deletes it, unless it is to be retained, or is not this stack's to delete."""
        if self._preview:
            return
        with self._told("delete", state):
            if state.custom and not state.external and not state.retain_on_delete and state.provider:
                self._provider.delete(state.urn, state.type, state.id, reveal(state.outputs))

    @contextmanager
    def _told(self, operation: Operation, subject: Subject) -> Iterator[None]:
        about = {"operation": operation, "urn": subject.urn, "type": subject.type, "name": subject.name}
        started = time.monotonic()
        self._on_event(Event(phase="started", **about))  # type: ignore[arg-type]
        try:
            with _explained(subject):
                yield
        except ToolkitError as error:
            took = time.monotonic() - started
            self._on_event(Event(phase="failed", seconds=took, message=error.message, **about))  # type: ignore[arg-type]
            raise
        self._on_event(Event(phase="done", seconds=time.monotonic() - started, **about))  # type: ignore[arg-type]


@contextmanager
def _explained(subject: Subject) -> Iterator[None]:
    """A provider's failure, told with the resource it concerns."""
    place = subject.place if isinstance(subject, Registration) else subject.urn
    try:
        yield
    except ProviderError as error:
        raise ToolkitError(f"{subject.name} ({subject.type}): {error}", next_step=f"see {place}") from error
    except ToolkitError:
        raise
    except Exception as error:
        # A provider's own mistake stops the deployment like any refusal: what was done must stay recorded.
        message = f"{subject.name} ({subject.type}): {type(error).__name__}: {error}"
        raise ToolkitError(message, next_step=f"see {place}") from error
