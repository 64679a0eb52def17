"""The checkout saga, written once as data; every cloud's workflow definition is rendered from it.

The forward steps run in order. A step that is refused, or whose retries are used up, leads to the compensations: they
run from the one that the step names to the last, and each does nothing when there is nothing to undo. A capture whose
retries are used up leads to none, because the money may have been taken: the execution fails, and is started again
later. So is one that fails after `capture`: a paid order is not undone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class StepName(StrEnum):
    """What the saga function is asked to do: the `step` of its event."""

    SCORE = "score"
    AUTHORIZE = "authorize"
    CONFIRM_STOCK = "confirm_stock"
    CAPTURE = "capture"
    RECORD_SPLIT = "record_split"
    CANCEL_AUTHORIZATION = "cancel_authorization"
    RELEASE_STOCK = "release_stock"
    FAIL_ORDER = "fail_order"


@dataclass(frozen=True, kw_only=True)
class Retry:
    """Exponential backoff with full jitter for transient failures (network, throttling, restart)."""

    interval: timedelta
    backoff_rate: float
    longest_interval: timedelta
    attempts: int


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A business error: an exception class of `commerce` that is final, and where its compensation starts.

    None where nothing is undone: the order waits, and the execution ends well. What resumes the order starts another.
    It is an answer of the function, unless it is a `fault`: something that should not happen, which leaves the function
    as an error and so raises an alarm.
    """

    error: str
    compensate_from: StepName | None
    fault: bool = False


@dataclass(frozen=True, kw_only=True)
class Step:
    """One forward step.

    `compensate_from` is where compensation starts when the retries are used up; None for a step whose outcome is then
    unknown or that must not be undone: the execution fails, and the relay starts the order again later.
    """

    name: StepName
    title: str
    retry: Retry
    refusals: tuple[Refusal, ...] = ()
    compensate_from: StepName | None = None


@dataclass(frozen=True, kw_only=True)
class Compensation:
    """One step of the way back. It has no refusals: it is repeated until it succeeds."""

    name: StepName
    title: str
    retry: Retry


@dataclass(frozen=True, kw_only=True)
class Saga:
    """Forward steps, the hand-over to fulfillment after them, and the compensations in the order in which they run.

    `timeout` is shorter than the time after which the relay starts a stuck order again, so that two executions of one
    order never run at once. `throttled` is for a function that could not even be asked, which says nothing of the
    order: it comes before a step's own retries, so that a busy hour does not undo healthy orders.
    """

    steps: tuple[Step, ...]
    throttled: Retry
    fulfillment_retry: Retry
    compensations: tuple[Compensation, ...]
    timeout: timedelta

    def expected_refusals(self, name: StepName) -> frozenset[str]:
        """Those that a step returns as its answer; the others are faults."""
        return frozenset(
            refusal.error for step in self.steps if step.name is name for refusal in step.refusals if not refusal.fault
        )


BRIEF = Retry(interval=timedelta(seconds=1), backoff_rate=2.0, longest_interval=timedelta(seconds=20), attempts=4)
PATIENT = Retry(interval=timedelta(seconds=1), backoff_rate=2.0, longest_interval=timedelta(seconds=30), attempts=8)
# Three minutes on average, six at most: within the saga's time.
THROTTLED = Retry(interval=timedelta(seconds=2), backoff_rate=2.0, longest_interval=timedelta(seconds=60), attempts=10)
# Every step before the money is taken asks whether the order was stopped, or waits.
NOT_NOW = (
    Refusal(error="OrderStopped", compensate_from=StepName.CANCEL_AUTHORIZATION),
    Refusal(error="OrderWaits", compensate_from=None),
)

CHECKOUT = Saga(
    steps=(
        Step(
            name=StepName.SCORE,
            title="Assess the risk of fraud",
            retry=BRIEF,
            refusals=(
                # Nothing was asked of the payment processor yet: there is nothing to cancel there.
                Refusal(error="FraudRefused", compensate_from=StepName.RELEASE_STOCK),
                *NOT_NOW,
                Refusal(error="IllegalTransition", compensate_from=StepName.CANCEL_AUTHORIZATION, fault=True),
            ),
            compensate_from=StepName.CANCEL_AUTHORIZATION,
        ),
        Step(
            name=StepName.AUTHORIZE,
            title="Authorize the payment",
            retry=BRIEF,
            refusals=(
                Refusal(error="PaymentDeclined", compensate_from=StepName.RELEASE_STOCK),
                Refusal(error="AuthenticationRequired", compensate_from=StepName.CANCEL_AUTHORIZATION),
                # Its buyer could still pay it with another card, for an order that has failed.
                Refusal(error="AuthenticationFailed", compensate_from=StepName.CANCEL_AUTHORIZATION),
                *NOT_NOW,
                Refusal(error="PaymentRefused", compensate_from=StepName.CANCEL_AUTHORIZATION, fault=True),
                Refusal(error="IllegalTransition", compensate_from=StepName.CANCEL_AUTHORIZATION, fault=True),
            ),
            compensate_from=StepName.CANCEL_AUTHORIZATION,
        ),
        Step(
            name=StepName.CONFIRM_STOCK,
            title="Take the stock",
            retry=BRIEF,
            refusals=(
                Refusal(error="SoldOut", compensate_from=StepName.CANCEL_AUTHORIZATION),
                *NOT_NOW,
                Refusal(error="IllegalTransition", compensate_from=StepName.CANCEL_AUTHORIZATION, fault=True),
            ),
            compensate_from=StepName.CANCEL_AUTHORIZATION,
        ),
        Step(
            name=StepName.CAPTURE,
            title="Capture the payment",
            retry=PATIENT,
            refusals=(
                # A card can still be refused here: the authorization ran out, or the bank changed its mind.
                Refusal(error="PaymentDeclined", compensate_from=StepName.CANCEL_AUTHORIZATION),
                Refusal(error="AuthenticationRequired", compensate_from=StepName.CANCEL_AUTHORIZATION),
                Refusal(error="PaymentRefused", compensate_from=StepName.CANCEL_AUTHORIZATION, fault=True),
                Refusal(error="IllegalTransition", compensate_from=StepName.CANCEL_AUTHORIZATION, fault=True),
            ),
        ),
        Step(name=StepName.RECORD_SPLIT, title="Record each seller's share", retry=PATIENT),
    ),
    throttled=THROTTLED,
    fulfillment_retry=PATIENT,
    compensations=(
        Compensation(name=StepName.CANCEL_AUTHORIZATION, title="Cancel the authorization", retry=PATIENT),
        Compensation(name=StepName.RELEASE_STOCK, title="Give the stock back", retry=PATIENT),
        Compensation(name=StepName.FAIL_ORDER, title="Fail the order", retry=PATIENT),
    ),
    timeout=timedelta(minutes=10),
)
