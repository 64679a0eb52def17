"""What support and admins do for a seller: see its balance, keep a share back, and let it go again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path

from commerce.holds import Hold, manual_hold_id
from services.http.edge import OpaqueId
from services.http.identity import SignedInSupport
from services.seller.dependencies import SellerDependency
from services.seller.schemas import BalanceBody, CurrencyBalanceBody, HoldBody, HoldListBody, ReasonRequest

router = APIRouter(prefix="/sellers/{seller_id}", tags=["support"])

SellerId = Annotated[OpaqueId, Path(max_length=64)]
OrderId = Annotated[OpaqueId, Path(max_length=64)]


@router.get("/balance", summary="A seller's balance")
async def read_balance_of(service: SellerDependency, caller: SignedInSupport, seller_id: SellerId) -> BalanceBody:
    balances = await service.statements.balance(seller_id, datetime.now(UTC))
    return BalanceBody(balances=[CurrencyBalanceBody.of(balance) for balance in balances])


@router.get("/holds", summary="What keeps a seller's money back")
async def list_holds(service: SellerDependency, caller: SignedInSupport, seller_id: SellerId) -> HoldListBody:
    return HoldListBody(items=[HoldBody.of(hold) for hold in await service.holds.of_seller(seller_id)])


@router.put("/orders/{order_id}/hold", summary="Keep a share back, with a reason")
async def hold_share(
    service: SellerDependency, caller: SignedInSupport, seller_id: SellerId, order_id: OrderId, body: ReasonRequest
) -> HoldBody:
    hold = Hold(
        hold_id=manual_hold_id(order_id, seller_id),
        seller_id=seller_id,
        order_id=order_id,
        reason=body.reason,
        placed_by=caller.user_id,
        placed_at=datetime.now(UTC),
    )
    return HoldBody.of(await service.holds.place(hold))


@router.post("/orders/{order_id}/release", summary="Let a share go again that was kept back by hand")
async def release_share(
    service: SellerDependency, caller: SignedInSupport, seller_id: SellerId, order_id: OrderId, body: ReasonRequest
) -> HoldBody:
    lifted = await service.holds.lift(
        seller_id,
        manual_hold_id(order_id, seller_id),
        by=caller.user_id,
        reason=body.reason,
        now=datetime.now(UTC),
    )
    return HoldBody.of(lifted)
