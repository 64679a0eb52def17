"""A payment processor that keeps books, with the rules of Stripe that matter to them. What it tells lies in `news`
until a test delivers it, in any order and more than once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from commerce.money import Money
from commerce.payment_news import DisputeMoved, News, PaymentMoved, RefundMade
from commerce.payments import AuthenticationFailed, Authorization, Capture, PaymentDeclined, PaymentRefused

FEE = 1_500
DECLINED, CHALLENGED = "pm_declined", "pm_challenged"


def fee_of(amount: int) -> int:
    """What the processor keeps of a payment."""
    return amount * 29 // 1_000 + 30


@dataclass
class Charge:
    order_id: str
    amount: int
    refunds: dict[str, int] = field(default_factory=dict)
    transferred: int = 0
    dispute: DisputeMoved | None = None

    @property
    def left(self) -> int:
        """What can still be refunded or disputed."""
        lost = self.dispute.amount.amount if self.dispute and self.dispute.status != "won" else 0
        return self.amount - sum(self.refunds.values()) - lost


@dataclass
class Transfer:
    key: tuple[str, str]
    account_id: str
    amount: int
    reversals: dict[str, int] = field(default_factory=dict)


@dataclass
class Bank:
    """`balance` is the platform's. `about_to_pay` is called before each new transfer with its order, seller and
    amount."""

    about_to_pay: Callable[[str, str, int], None]
    balance: int = 0
    fees: int = 0
    accounts: dict[str, int] = field(default_factory=dict)
    inactive: set[str] = field(default_factory=set)
    intents: dict[str, str] = field(default_factory=dict)
    amounts: dict[str, int] = field(default_factory=dict)
    charges: dict[str, Charge] = field(default_factory=dict)
    transfers: dict[str, Transfer] = field(default_factory=dict)
    news: list[News] = field(default_factory=list)
    numbers: int = 0

    async def authorize(self, *, order_id: str, amount: Money, payment_method: str, attempt: int = 1) -> Authorization:
        if payment_method == DECLINED:
            raise PaymentDeclined(order_id, "insufficient_funds")
        intent = f"pi_{order_id}"
        self.amounts[intent] = amount.amount
        self.intents.setdefault(intent, "requires_action" if payment_method == CHALLENGED else "requires_capture")
        return self._answer(intent)

    async def authorization(self, *, order_id: str, payment_intent_id: str) -> Authorization:
        if self.intents[payment_intent_id] in ("requires_payment_method", "canceled"):
            raise AuthenticationFailed(order_id, self.intents[payment_intent_id])
        return self._answer(payment_intent_id)

    async def capture(self, *, order_id: str, payment_intent_id: str) -> Capture:
        charge_id, amount = f"ch_{order_id}", self.amounts[payment_intent_id]
        if self.intents[payment_intent_id] not in ("requires_capture", "succeeded"):
            raise PaymentRefused("The payment cannot be captured.")
        if charge_id not in self.charges:
            self.charges[charge_id] = Charge(order_id, amount)
            self.balance += amount - fee_of(amount)
            self.fees += fee_of(amount)
            self.intents[payment_intent_id] = "succeeded"
        return Capture(charge_id=charge_id, amount=Money(amount, "usd"), fee=fee_of(amount))

    async def cancel(self, *, order_id: str, payment_intent_id: str) -> None:
        if self.intents[payment_intent_id] == "succeeded":
            raise PaymentRefused("The payment was captured.")
        self.intents[payment_intent_id] = "canceled"

    async def transfer(
        self,
        *,
        order_id: str,
        seller_id: str,
        account_id: str,
        amount: Money,
        source_charge: str | None,
        attempt: int = 1,
    ) -> str:
        transfer_id = f"tr_{order_id}_{seller_id}_{attempt}"
        if transfer_id in self.transfers:
            return transfer_id
        charge = self.charges[f"ch_{order_id}"]
        assert source_charge in (None, f"ch_{order_id}")
        beyond = source_charge is not None and charge.transferred + amount.amount > charge.amount
        if account_id in self.inactive or beyond:
            raise PaymentRefused("The transfer is not possible.")
        self.about_to_pay(order_id, seller_id, amount.amount)
        if source_charge is not None:
            charge.transferred += amount.amount
        self.transfers[transfer_id] = Transfer((order_id, seller_id), account_id, amount.amount)
        self._move(account_id, amount.amount)
        return transfer_id

    async def reverse_transfer(self, *, transfer_id: str, amount: Money, refund_id: str) -> str:
        transfer = self.transfers[transfer_id]
        if refund_id not in transfer.reversals:
            left = transfer.amount - sum(transfer.reversals.values())
            if amount.amount > min(left, self.accounts[transfer.account_id]):
                raise PaymentRefused("The account does not have it.")
            transfer.reversals[refund_id] = amount.amount
            self.charges[f"ch_{transfer.key[0]}"].transferred -= amount.amount
            self._move(transfer.account_id, -amount.amount)
        return f"trr_{refund_id}"

    async def refund(self, *, order_id: str, payment_intent_id: str, amount: Money, refund_id: str) -> str:
        return self._refund(f"ch_{order_id}", amount.amount, refund_id)

    def refund_by_hand(self, charge_id: str, amount: int) -> None:
        """In the processor's own dashboard. Raises PaymentRefused."""
        self._refund(charge_id, amount, None)

    def authenticate(self, order_id: str, *, passed: bool) -> None:
        intent = f"pi_{order_id}"
        self.intents[intent] = "requires_capture" if passed else "requires_payment_method"
        self.news.append(PaymentMoved(order_id=order_id, payment_intent_id=intent))

    def begin_dispute(self, charge_id: str, amount: int) -> None:
        """The buyer's bank takes a part of the charge back, and Stripe its fee."""
        charge = self.charges[charge_id]
        self.numbers += 1
        self.balance -= amount + FEE
        self.fees += FEE
        self._disputed(charge, f"du_{self.numbers}", Money(amount, "usd"), "needs_response", (0, amount))

    def decide(self, charge_id: str, *, won: bool) -> None:
        charge = self.charges[charge_id]
        assert charge.dispute is not None
        dispute_id, amount = charge.dispute.dispute_id, charge.dispute.amount
        if won:
            self.balance += amount.amount
            self._disputed(charge, dispute_id, amount, "won", (amount.amount, amount.amount - amount.amount))
        else:
            self._disputed(charge, dispute_id, amount, "lost", (amount.amount,))

    def change_its_mind(self, charge_id: str) -> None:
        """A bank gives back what it had decided to keep."""
        charge = self.charges[charge_id]
        assert charge.dispute is not None
        self.balance += charge.dispute.amount.amount
        kept = charge.dispute.amount.amount
        self._disputed(charge, charge.dispute.dispute_id, charge.dispute.amount, "won", (kept, 0))

    def lost(self) -> list[str]:
        return [one for one, charge in self.charges.items() if charge.dispute and charge.dispute.status == "lost"]

    def disputable(self) -> list[str]:
        free = (one for one, charge in self.charges.items() if charge.dispute is None or charge.dispute.status == "won")
        return [one for one in free if self.charges[one].left > 0]

    def undecided(self) -> list[str]:
        waiting = (one for one, charge in self.charges.items() if charge.dispute is not None)
        return [one for one in waiting if getattr(self.charges[one].dispute, "status", "") == "needs_response"]

    def withdraw(self, account_id: str) -> None:
        """The seller's money goes to its own bank, where no reversal reaches it."""
        self.accounts[account_id] = 0

    def paid_for(self, key: tuple[str, str]) -> int:
        """What a seller has of a share: transfers less reversals."""
        own = (one for one in self.transfers.values() if one.key == key)
        return sum(one.amount - sum(one.reversals.values()) for one in own)

    def paid_to(self, account_id: str) -> int:
        """Transfers less reversals."""
        own = (one for one in self.transfers.values() if one.account_id == account_id)
        return sum(one.amount - sum(one.reversals.values()) for one in own)

    def _answer(self, intent: str) -> Authorization:
        status = self.intents[intent]
        secret = f"{intent}_secret" if status == "requires_action" else None
        return Authorization(payment_intent_id=intent, status=status, client_secret=secret)

    def _refund(self, charge_id: str, amount: int, refund_id: str | None) -> str:
        charge = self.charges[charge_id]
        if refund_id in charge.refunds:
            return f"re_{refund_id}"
        if (charge.dispute is not None and charge.dispute.status != "won") or amount > charge.left:
            raise PaymentRefused("The refund is not possible.")
        self.numbers += 1
        made = refund_id or f"by-hand-{self.numbers}"
        charge.refunds[made] = amount
        self.balance -= amount
        self.news.append(
            RefundMade(
                charge_id=charge_id,
                processor_refund_id=f"re_{made}",
                refund_id=refund_id,
                amount=Money(amount, "usd"),
            )
        )
        return f"re_{made}"

    def _move(self, account_id: str, amount: int) -> None:
        self.balance -= amount
        self.accounts[account_id] = self.accounts.get(account_id, 0) + amount

    def _disputed(
        self, charge: Charge, dispute_id: str, amount: Money, status: str, withdrawn: tuple[int, ...]
    ) -> None:
        """One piece of news for each figure of `withdrawn`, the processor's movements so far counted in each."""
        earlier = charge.dispute.movements if charge.dispute and charge.dispute.dispute_id == dispute_id else 0
        for number, kept in enumerate(withdrawn):
            movements = earlier + number
            charge.dispute = DisputeMoved(
                dispute_id=dispute_id,
                charge_id=f"ch_{charge.order_id}",
                amount=amount,
                status=status,
                at=datetime.now(UTC),
                withdrawn=kept,
                fee=FEE if movements else 0,
                movements=movements,
            )
            self.news.append(charge.dispute)
