"""Leaves out imports of moto that nothing here uses."""

from __future__ import annotations

import functools
import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import moto
from botocore import session
from moto.utilities import utils

OFFERINGS = "instance_type_offerings"


def import_lightly() -> None:
    """Saves 190 MB and two seconds at every start; call it before other parts of moto are imported."""
    _read_regions_once()
    _import_batch_states_alone()
    _leave_out_instance_type_offerings()


def _read_regions_once() -> None:
    """moto makes many sessions of boto3, and each would read the list of all endpoints anew."""
    session.create_loader = functools.cache(session.create_loader)


def _import_batch_states_alone() -> None:
    """For one enum the Step Functions interpreter would load AWS Batch, and with it EC2.

    A request to Batch or EC2 itself still loads them.
    """
    package = ModuleType("moto.batch")
    package.__path__ = [str(Path(moto.__file__).parent / "batch")]
    sys.modules["moto.batch"] = package
    importlib.import_module("moto.batch.utils")
    del sys.modules["moto.batch"]
    vars(moto).pop("batch", None)


def _leave_out_instance_type_offerings() -> None:
    """ECS loads EC2, and EC2 what each zone of the world offers. `DescribeInstanceTypeOfferings` answers nothing."""
    load = utils.load_resource

    def load_most(path: str) -> Any:
        return [] if OFFERINGS in path else load(path)

    utils.load_resource = load_most
