"""`marketplace token EMAIL`: signs somebody in, who is signed up first if nobody knows them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from toolkit.errors import ToolkitError


class Group(StrEnum):
    """What a user may be besides a buyer."""

    SELLER = "seller"
    SUPPORT = "support"
    ADMIN = "admin"


def token(
    email: Annotated[
        str | None, typer.Argument(help="Any address: no mail is sent. Default: the demo buyer's.", show_default=False)
    ] = None,
    group: Annotated[
        Group | None, typer.Option(help="Make the user a seller, of support, or an administrator.")
    ] = None,
    state: Annotated[Path, typer.Option(envvar="MARKETPLACE_STATE", help="Folder of this machine's state.")] = Path(
        ".marketplace"
    ),
) -> None:
    """Prints an access token of a user of the stack that runs here, for `Authorization: Bearer ...`.

    A user that does not exist is signed up, with the demo's password.
    """
    from toolkit.local.purchase.buying import BUYER
    from toolkit.local.purchase.visitor import UserPool, sign_in
    from toolkit.local.stack.machine import Machine, client_at
    from toolkit.local.state.run import last_run

    run = last_run(state)
    machine = Machine(state)
    if run is None or machine.owner is None:
        raise ToolkitError(f"nothing runs from {state}", next_step="start the stack first: marketplace up")
    email = BUYER if email is None else email
    if "@" not in email:
        raise ToolkitError(f"{email!r} is no address", next_step="take one like me@customers.example: no mail is sent")
    cognito = client_at(run.ports["moto"], machine.region, "cognito-idp")
    pool_id = run.endpoints["Issuer"].rsplit("/", 1)[1]
    [client] = cognito.list_user_pool_clients(UserPoolId=pool_id)["UserPoolClients"]
    typer.echo(sign_in(cognito, UserPool(id=pool_id, client_id=client["ClientId"]), email, group=group))
