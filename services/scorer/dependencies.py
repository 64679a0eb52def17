"""What the scorer's routes work with, handed to them by the composition root."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from commerce.fraud import Model


async def _model(request: Request) -> Model:
    model: Model = request.app.state.dependencies
    return model


ModelDependency = Annotated[Model, Depends(_model)]
