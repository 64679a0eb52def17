"""What the seller service sends and receives."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, HttpUrl, TypeAdapter

from commerce.holds import Hold
from commerce.payouts import Payout, PayoutPage
from commerce.seller_accounts import AccountLink, SellerAccount
from commerce.shipping import Sale, SalePage
from commerce.statements import Balance, Statement
from services.http.edge import Body, Line
from services.http.money import MoneyBody

_URL: TypeAdapter[HttpUrl] = TypeAdapter(HttpUrl)


def _address(text: str) -> str:
    _URL.validate_python(text)
    return text


Address = Annotated[Line, Field(max_length=2000), AfterValidator(_address)]


class AccountRequest(Body):
    """`country` is ISO 3166, two capitals; the processor asks the seller for everything else."""

    country: str = Field(pattern="^[A-Z]{2}$")
    email: str = Field(max_length=254, pattern=r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+\.[^@\s\x00-\x1f]+$")


class AccountBody(BaseModel):
    """The seller's account. `waits_for` says why shares are not transferred yet, null when they are."""

    account_id: str
    transfers: str | None
    card_payments: str | None
    payouts_enabled: bool
    details_submitted: bool
    disabled_reason: str | None
    due: list[str]
    waits_for: str | None

    @classmethod
    def of(cls, account: SellerAccount) -> AccountBody:
        state = account.state
        return cls(
            account_id=account.account_id,
            transfers=state.transfers if state else None,
            card_payments=state.card_payments if state else None,
            payouts_enabled=bool(state and state.payouts_enabled),
            details_submitted=bool(state and state.details_submitted),
            disabled_reason=state.disabled_reason if state else None,
            due=list(state.due) if state else [],
            waits_for=account.waits_for,
        )


class LinkRequest(Body):
    """Where the processor's page leads: back when the seller is done, or to a page that asks for a new link."""

    return_url: Address
    refresh_url: Address


class LinkBody(BaseModel):
    """A page of the processor. It works once, and for minutes: show it to the seller at once, send it nowhere."""

    url: str
    expires_at: datetime

    @classmethod
    def of(cls, link: AccountLink) -> LinkBody:
        return cls(url=link.url, expires_at=link.expires_at)


class SaleLineBody(BaseModel):
    offer_id: str
    product_id: str
    title: str
    quantity: int
    unit_price: MoneyBody


class ShipmentRequest(Body):
    carrier: Line = Field(max_length=60)
    tracking: Line = Field(max_length=120)


class ShipmentBody(BaseModel):
    carrier: str
    tracking: str
    shipped_at: datetime
    delivered_at: datetime | None


class SaleBody(BaseModel):
    """The seller's own part of an order, in minor units of `currency`. `held_until` is null until the order is
    fulfilled; the delivery sets it anew."""

    order_id: str
    status: str
    placed_at: datetime
    currency: str
    gross: int
    commission: int
    net: int
    state: str
    held_until: datetime | None
    on_hold: bool
    transfer_id: str | None
    shipment: ShipmentBody | None
    lines: list[SaleLineBody]

    @classmethod
    def of(cls, sale: Sale) -> SaleBody:
        share, shipment = sale.share, sale.shipment
        return cls(
            order_id=sale.order_id,
            status=sale.status,
            placed_at=sale.placed_at,
            currency=share.gross.currency,
            gross=share.gross.amount,
            commission=share.commission.amount,
            net=share.net.amount,
            state=share.state,
            held_until=share.held_until,
            on_hold=sale.on_hold,
            transfer_id=share.transfer_id,
            shipment=ShipmentBody(
                carrier=shipment.carrier,
                tracking=shipment.tracking,
                shipped_at=shipment.shipped_at,
                delivered_at=shipment.delivered_at,
            )
            if shipment
            else None,
            lines=[
                SaleLineBody(
                    offer_id=line.offer_id,
                    product_id=line.product_id,
                    title=line.title,
                    quantity=line.quantity,
                    unit_price=MoneyBody.of(line.unit_price),
                )
                for line in sale.lines
            ],
        )


class SalePageBody(BaseModel):
    items: list[SaleBody]
    next_cursor: str | None

    @classmethod
    def of(cls, page: SalePage) -> SalePageBody:
        return cls(items=[SaleBody.of(sale) for sale in page.items], next_cursor=page.next_cursor)


class CurrencyBalanceBody(BaseModel):
    """Minor units. `releasable` is part of `held`, `on_the_way` of `payable`; `stopped` is kept back by a hold."""

    currency: str
    held: int
    releasable: int
    payable: int
    on_the_way: int
    owed: int
    stopped: int

    @classmethod
    def of(cls, balance: Balance) -> CurrencyBalanceBody:
        return cls(
            currency=balance.currency,
            held=balance.held,
            releasable=balance.releasable,
            payable=balance.payable,
            on_the_way=balance.on_the_way,
            owed=balance.owed,
            stopped=balance.stopped,
        )


class BalanceBody(BaseModel):
    """One balance for each currency that the seller has sold in."""

    balances: list[CurrencyBalanceBody]


class PayoutBody(BaseModel):
    """A share on its way. `amount` goes to the seller's account, `recovered` repaid what the seller owed."""

    order_id: str
    currency: str
    amount: int
    recovered: int
    state: str
    claimed_at: datetime
    transfer_id: str | None
    refusal: str | None

    @classmethod
    def of(cls, payout: Payout) -> PayoutBody:
        return cls(
            order_id=payout.order_id,
            currency=payout.amount.currency,
            amount=payout.amount.amount,
            recovered=payout.recovered.amount,
            state=payout.state,
            claimed_at=payout.claimed_at,
            transfer_id=payout.transfer_id,
            refusal=payout.refusal,
        )


class PayoutPageBody(BaseModel):
    items: list[PayoutBody]
    next_cursor: str | None

    @classmethod
    def of(cls, page: PayoutPage) -> PayoutPageBody:
        return cls(items=[PayoutBody.of(payout) for payout in page.items], next_cursor=page.next_cursor)


class CurrencyStatementBody(BaseModel):
    """Minor units. `opening` and the sum of `totals` (by kind of entry) are `closing`; `transferred` is what the
    payment processor moved to the seller's account."""

    currency: str
    opening: int
    totals: Mapping[str, int]
    closing: int
    held: int
    transferred: int


class StatementEntryBody(BaseModel):
    transaction_id: str
    order_id: str
    posted_at: datetime
    kind: str
    account: str
    amount: MoneyBody
    transfer_id: str | None


class StatementBody(BaseModel):
    """The ledger of a period on the seller's accounts; amounts are in the seller's favor when positive."""

    start: datetime
    end: datetime
    currencies: list[CurrencyStatementBody]
    entries: list[StatementEntryBody]

    @classmethod
    def of(cls, statement: Statement) -> StatementBody:
        return cls(
            start=statement.start,
            end=statement.end,
            currencies=[
                CurrencyStatementBody(
                    currency=one.currency,
                    opening=one.opening,
                    totals=one.totals,
                    closing=one.closing,
                    held=one.held,
                    transferred=one.transferred,
                )
                for one in statement.currencies
            ],
            entries=[
                StatementEntryBody(
                    transaction_id=one.transaction_id,
                    order_id=one.order_id,
                    posted_at=one.posted_at,
                    kind=one.kind,
                    account=one.account.rpartition(":")[2],
                    amount=MoneyBody.of(one.amount),
                    transfer_id=one.transfer_id,
                )
                for one in statement.entries
            ],
        )


class ReasonRequest(Body):
    """Why: kept for ever."""

    reason: Line = Field(max_length=500)


class HoldBody(BaseModel):
    """What keeps a share, or without an order everything of the seller, from being paid out."""

    hold_id: str
    order_id: str | None
    reason: str
    placed_by: str
    placed_at: datetime
    lifted_at: datetime | None

    @classmethod
    def of(cls, hold: Hold) -> HoldBody:
        return cls(
            hold_id=hold.hold_id,
            order_id=hold.order_id,
            reason=hold.reason,
            placed_by=hold.placed_by,
            placed_at=hold.placed_at,
            lifted_at=hold.lifted_at,
        )


class HoldListBody(BaseModel):
    items: list[HoldBody]
