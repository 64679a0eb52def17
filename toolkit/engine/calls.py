"""Calls of a provider for one resource: failures become clear errors."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from toolkit.engine.provider import Created, Diff, Properties, Provider, ProviderError
from toolkit.engine.registration import Registration
from toolkit.engine.state import ResourceState
from toolkit.engine.values import mark_secrets, reveal
from toolkit.errors import ToolkitError

Subject = Registration | ResourceState


class ProviderCalls:
    """Passes plain values to the provider, and restores the secret marks on what it returns."""

    def __init__(self, provider: Provider, *, preview: bool) -> None:
        self._provider = provider
        self._preview = preview

    def check(self, registration: Registration, olds: Properties | None, news: Properties) -> Properties:
        """Returns the inputs with defaults and names filled in.

        Raises:
            ToolkitError: the provider refuses them; the message has each property and the reason.
        """
        seed = secrets.token_bytes(32)
        with _as_toolkit_error(registration):
            known = None if olds is None else reveal(olds)
            checked = self._provider.check(
                registration.urn, registration.type, registration.name, known, reveal(news), seed
            )
        if checked.failures:
            reasons = "; ".join(f"{f.property}: {f.reason}" if f.property else f.reason for f in checked.failures)
            raise ToolkitError(
                f"{registration.title} is refused: {reasons}", next_step=f"correct it at {registration.place}"
            )
        return mark_secrets(checked.inputs, news)

    def diff(self, subject: Subject, old: ResourceState, news: Properties) -> Diff:
        with _as_toolkit_error(subject):
            return self._provider.diff(
                subject.urn, old.type, old.id, reveal(old.inputs), reveal(old.outputs), reveal(news)
            )

    def create(self, registration: Registration, inputs: Properties) -> Created:
        with _as_toolkit_error(registration):
            created = self._provider.create(registration.urn, registration.type, reveal(inputs), preview=self._preview)
        outputs = mark_secrets(created.outputs, inputs, registration.additional_secret_outputs)
        return Created(id=created.id, outputs=outputs)

    def update(self, registration: Registration, old: ResourceState, inputs: Properties) -> Properties:
        before, now = reveal(old.inputs), reveal(inputs)
        with _as_toolkit_error(registration):
            outputs = self._provider.update(
                registration.urn, registration.type, old.id, before, reveal(old.outputs), now, preview=self._preview
            )
        return mark_secrets(outputs, inputs, registration.additional_secret_outputs)

    def read(self, registration: Registration, id: str) -> Created:
        with _as_toolkit_error(registration):
            found = self._provider.read(registration.urn, registration.type, id, reveal(registration.inputs))
            if found is None:
                raise ProviderError(f"no resource has the id {id!r}")
        outputs = mark_secrets(found.outputs, registration.inputs, registration.additional_secret_outputs)
        return Created(id=found.id, outputs=outputs)

    def take_over(self, registration: Registration) -> ResourceState:
        """The state of the resource that the program imports, with the inputs that it has now."""
        id = registration.import_id
        with _as_toolkit_error(registration):
            found = self._provider.read(registration.urn, registration.type, id, {})
            if found is None:
                raise ProviderError(f"no resource has the id {id!r}")
            if found.inputs is None:
                raise ProviderError("its provider does not support importing resources")
        outputs = mark_secrets(found.outputs, {}, registration.additional_secret_outputs)
        return registration.to_state(found.id or id, found.inputs, outputs)

    def delete(self, state: ResourceState) -> None:
        """Deletes the resource, unless it is to be retained or was only read by this stack."""
        if self._preview:
            return
        with _as_toolkit_error(state):
            if state.custom and not state.external and not state.retain_on_delete and state.provider:
                self._provider.delete(state.urn, state.type, state.id, reveal(state.outputs))


@contextmanager
def _as_toolkit_error(subject: Subject) -> Iterator[None]:
    """Turns any failure of the provider into an error that names the resource."""
    place = subject.place if isinstance(subject, Registration) else subject.urn
    try:
        yield
    except ProviderError as error:
        raise ToolkitError(f"{subject.title}: {error}", next_step=f"see {place}") from error
    except ToolkitError:
        raise
    except Exception as error:
        # A bug in the provider stops the deployment like a refusal does: what was done until then stays recorded.
        message = f"{subject.title}: {type(error).__name__}: {error}"
        raise ToolkitError(message, next_step=f"see {place}") from error
