"""The seller's own routes: every one acts for the caller, and for nobody else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime

from services.http.edge import OpaqueId, QueryInteger
from services.http.identity import SignedInSeller
from services.seller.dependencies import SellerDependency
from services.seller.schemas import (
    AccountBody,
    AccountRequest,
    BalanceBody,
    CurrencyBalanceBody,
    LinkBody,
    LinkRequest,
    PayoutPageBody,
    SaleBody,
    SalePageBody,
    ShipmentRequest,
    StatementBody,
)

router = APIRouter(prefix="/seller", tags=["seller"])

OrderId = Annotated[OpaqueId, Path(max_length=64)]
Limit = Annotated[QueryInteger, Query(ge=1, le=100)]
Cursor = Annotated[str | None, Query(max_length=1024)]


@router.post("/account", summary="Make the account that shares are paid to")
async def open_account(service: SellerDependency, caller: SignedInSeller, body: AccountRequest) -> AccountBody:
    account = await service.onboarding.open_account(caller.user_id, country=body.country, email=body.email)
    return AccountBody.of(account)


@router.get("/account", summary="The account, and what it still waits for")
async def read_account(service: SellerDependency, caller: SignedInSeller) -> AccountBody:
    return AccountBody.of(await service.onboarding.account(caller.user_id))


@router.post("/account/links", summary="A page of the payment processor to complete the account on")
async def link_account(service: SellerDependency, caller: SignedInSeller, body: LinkRequest) -> LinkBody:
    link = await service.onboarding.link(caller.user_id, return_url=body.return_url, refresh_url=body.refresh_url)
    return LinkBody.of(link)


@router.get("/orders", summary="The seller's parts of orders, the latest first")
async def list_sales(
    service: SellerDependency, caller: SignedInSeller, limit: Limit = 50, cursor: Cursor = None
) -> SalePageBody:
    return SalePageBody.of(await service.sales.page(caller.user_id, limit, cursor))


@router.get("/orders/{order_id}", summary="The seller's part of one order")
async def read_sale(service: SellerDependency, caller: SignedInSeller, order_id: OrderId) -> SaleBody:
    return SaleBody.of(await service.sales.get(caller.user_id, order_id))


@router.put("/orders/{order_id}/shipment", summary="Mark as shipped, or correct carrier and tracking")
async def ship(service: SellerDependency, caller: SignedInSeller, order_id: OrderId, body: ShipmentRequest) -> SaleBody:
    return SaleBody.of(
        await service.sales.ship(
            caller.user_id, order_id, carrier=body.carrier, tracking=body.tracking, now=datetime.now(UTC)
        )
    )


@router.put("/orders/{order_id}/delivery", summary="Mark as delivered, which opens the return window")
async def deliver(service: SellerDependency, caller: SignedInSeller, order_id: OrderId) -> SaleBody:
    return SaleBody.of(
        await service.sales.deliver(
            caller.user_id, order_id, now=datetime.now(UTC), return_window=service.return_window
        )
    )


@router.get("/balance", summary="What is held, payable and owed")
async def read_balance(service: SellerDependency, caller: SignedInSeller) -> BalanceBody:
    balances = await service.statements.balance(caller.user_id, datetime.now(UTC))
    return BalanceBody(balances=[CurrencyBalanceBody.of(balance) for balance in balances])


@router.get("/payouts", summary="Shares that were paid out or are on their way, the latest first")
async def list_payouts(
    service: SellerDependency, caller: SignedInSeller, limit: Limit = 50, cursor: Cursor = None
) -> PayoutPageBody:
    return PayoutPageBody.of(await service.payouts.of_seller(caller.user_id, limit, cursor))


@router.get("/statement", summary="The ledger of a period, to the cent")
async def read_statement(
    service: SellerDependency,
    caller: SignedInSeller,
    start: Annotated[AwareDatetime, Query(description="The first instant of the period")],
    end: Annotated[AwareDatetime, Query(description="The first instant after the period")],
) -> StatementBody:
    return StatementBody.of(await service.statements.statement(caller.user_id, start, end))
