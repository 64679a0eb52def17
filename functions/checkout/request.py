"""What a workflow asks the saga function to do."""

from __future__ import annotations

from pydantic import BaseModel, Field

from functions.checkout.saga import StepName


class StepRequest(BaseModel):
    """The step to run, the order to run it on, and for a compensation the class name of the failure that led to it."""

    step: StepName
    order_id: str = Field(min_length=1)
    error: str | None = None
