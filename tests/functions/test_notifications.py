"""Mails for events: once each, to the right people, escaped, and never again to an address that bounced."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from commerce.adapters.memory import MemoryDirectory, MemoryMailBook, MemoryMailer, MemoryMarket, MemoryOrders
from commerce.adapters.memory.measures import MemoryMeasures
from commerce.adapters.postgres.mail import PostgresMailBook
from commerce.errors import InvalidRequest
from commerce.events import DomainEvent, EventType, RecordedEvent
from commerce.measures import Measure
from commerce.money import Money
from commerce.notices import NOTIFIED, MailInProgress, MailRefused, Notice, NoticeKind, notices
from commerce.orders import Order, OrderLine, OrderNotFound, OrderStatus, seller_orders
from commerce.ports.mail import MailBook
from functions.notifications.rendering import amount, render
from functions.notifications.sending import Sending
from stacks.workloads import NOTIFICATIONS
from tests.functions.conftest import VISA

MINUTE = timedelta(minutes=1)
ADDRESSES = {"buyer": "buyer@example.com", "ada": "ada@example.com"}
KEY = (7, "buyer", NoticeKind.ORDER_PLACED)


def line(offer_id: str, seller_id: str, title: str) -> OrderLine:
    return OrderLine(
        offer_id=offer_id, product_id="p", seller_id=seller_id, title=title, quantity=2, unit_price=Money(1999, "usd")
    )


def an_order(title: str = "Lamp") -> Order:
    lines = (line("lamp", "ada", title), line("tea", "ben", "Tea"))
    return Order(
        order_id="o1",
        buyer_id="buyer",
        status=OrderStatus.CAPTURED,
        total=Money(7996, "usd"),
        payment_method=VISA,
        lines=lines,
        sellers=seller_orders(lines, {"ada": "Ada", "ben": "Ben"}, 1000),
        accepted_at=datetime(2026, 3, 1, tzinfo=UTC),
    )


def message(type: EventType, event_id: int = 7, subject_id: str = "o1", **data: str | int) -> str:
    return RecordedEvent(event_id=event_id, event=DomainEvent(type=type, subject_id=subject_id, data=data)).message()


def feedback(kind: str, address: str = "buyer@example.com", bounce_type: str = "Permanent") -> str:
    recipients = [{"emailAddress": address}]
    told = {
        "Bounce": {"bounce": {"bounceType": bounce_type, "bouncedRecipients": recipients}},
        "Complaint": {"complaint": {"complainedRecipients": recipients}},
    }
    return json.dumps({"eventType": kind, "mail": {"messageId": "m"}, **told[kind]})


class Post:
    """The function over ports in memory."""

    def __init__(self, *errors: Exception, mails: bool = True) -> None:
        market = MemoryMarket()
        market.save(an_order())
        self.mailer = MemoryMailer(*errors)
        self.book = MemoryMailBook()
        self.measures = MemoryMeasures()
        self.sending = Sending(
            orders=MemoryOrders(market),
            book=self.book,
            directory=MemoryDirectory(ADDRESSES),
            mailer=self.mailer if mails else None,
            measures=self.measures,
        )

    @property
    def sent(self) -> list[tuple[str, str]]:
        return [(mail.to, mail.subject) for mail in self.mailer.sent]


async def test_an_order_that_is_paid_tells_its_buyer_and_each_seller_who_has_an_address() -> None:
    post = Post()
    assert await post.sending.handle(message(EventType.ORDER_CAPTURED)) == 2
    assert post.sent == [
        ("buyer@example.com", "Your order is confirmed"),
        ("ada@example.com", "You have sold something"),
    ]
    assert "Tea" not in post.mailer.sent[1].text, "a seller reads of its own lines only"
    assert "buyer@" not in post.mailer.sent[1].text + post.mailer.sent[1].html


async def test_an_event_delivered_twice_and_in_another_order_is_told_once() -> None:
    post = Post()
    for type, number in [(EventType.ORDER_FULFILLED, 8), (EventType.ORDER_ACCEPTED, 7), (EventType.ORDER_FULFILLED, 8)]:
        await post.sending.handle(message(type, number))
    assert [subject for _, subject in post.sent] == ["Your order is with its sellers", "We have your order"]


BUYER, SELLER = "buyer@example.com", "ada@example.com"
OF_SALE: dict[str, str | int] = {"seller_id": "ada", "amount": 1250, "currency": "usd"}
OF_CASE: dict[str, str | int] = {"order_id": "o1", "buyer_id": "buyer", "seller_id": "ada", "reason": "damaged"}


@pytest.mark.parametrize(
    ("type", "subject_id", "data", "sent"),
    [
        (EventType.ORDER_ACCEPTED, "o1", {}, {BUYER: "We have your order"}),
        (EventType.REVIEW_DECIDED, "o1", {"verdict": "approved"}, {BUYER: "Your order goes on"}),
        (EventType.REVIEW_DECIDED, "o1", {"verdict": "refused"}, {}),
        (EventType.ORDER_FAILED, "o1", {"failure": "sold_out"}, {BUYER: "Your order could not be completed"}),
        (
            EventType.SALE_SHIPPED,
            "o1",
            {"seller_id": "ada", "carrier": "DHL", "tracking": "T1"},
            {BUYER: "Your goods have left"},
        ),
        (
            EventType.SALE_DELIVERED,
            "o1",
            {"seller_id": "ada", "held_until": "2026-03-15T00:00:00+00:00"},
            {BUYER: "Your goods have arrived", SELLER: "Your goods have arrived"},
        ),
        (EventType.REFUND_MADE, "o1", OF_SALE, {BUYER: "Your refund", SELLER: "A buyer was refunded"}),
        (EventType.PAYOUT_SENT, "o1", OF_SALE, {SELLER: "Your payout"}),
        (EventType.CASE_OPENED, "c1", OF_CASE, {BUYER: "A case was opened", SELLER: "A case was opened"}),
        (EventType.CASE_MESSAGE, "c1", OF_CASE | {"party": "buyer"}, {SELLER: "There is an answer in your case"}),
        (EventType.CASE_MESSAGE, "c1", OF_CASE | {"party": "seller"}, {BUYER: "There is an answer in your case"}),
        (
            EventType.CASE_MESSAGE,
            "c1",
            OF_CASE | {"party": "admin"},
            dict.fromkeys((BUYER, SELLER), "There is an answer in your case"),
        ),
        (
            EventType.CASE_ESCALATED,
            "c1",
            OF_CASE | {"party": "deadline"},
            dict.fromkeys((BUYER, SELLER), "The marketplace decides your case"),
        ),
        (
            EventType.CASE_CLOSED,
            "c1",
            OF_CASE | {"end": "refund"},
            dict.fromkeys((BUYER, SELLER), "Your case is closed"),
        ),
        (EventType.SELLER_SUSPENDED, "ada", {"seller_id": "ada"}, {SELLER: "Your account is suspended"}),
        (EventType.SELLER_REINSTATED, "ada", {"seller_id": "ada"}, {SELLER: "Your account is open again"}),
        (EventType.SHARE_RELEASED, "o1", OF_SALE, {}),
    ],
)
async def test_each_event_is_told_to_whom_it_concerns(
    type: EventType, subject_id: str, data: dict[str, str | int], sent: dict[str, str]
) -> None:
    post = Post()
    assert await post.sending.handle(message(type, subject_id=subject_id, **data)) == len(sent)
    assert dict(post.sent) == sent


async def test_a_mail_about_a_sellers_part_names_its_goods_alone_and_what_the_event_tells() -> None:
    post = Post()
    await post.sending.handle(message(EventType.REFUND_MADE, **OF_SALE))
    told = {"seller_id": "ada", "carrier": "DHL", "tracking": "T1"}
    await post.sending.handle(message(EventType.SALE_SHIPPED, 8, **told))
    await post.sending.handle(
        message(EventType.SALE_DELIVERED, 9, seller_id="ada", held_until="2026-03-15T00:00:00+00:00")
    )
    refund, _, sent, arrived, _ = (mail.text for mail in post.mailer.sent)
    assert "12.50 USD are on their way" in refund
    assert "with DHL." in sent and "T1" in sent
    assert "until 15 March 2026" in arrived
    for text in (refund, sent, arrived):
        assert "2 x Lamp: 39.98 USD" in text and "Tea" not in text and "Order o1" in text


async def test_a_crash_between_sending_and_settling_repeats_one_mail_after_the_lease_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    post = Post()
    settle = post.book.settle

    async def crash(*_: object) -> None:
        raise RuntimeError("killed")

    monkeypatch.setattr(post.book, "settle", crash)
    with pytest.raises(RuntimeError):
        await post.sending.handle(message(EventType.ORDER_CAPTURED))
    monkeypatch.setattr(post.book, "settle", settle)
    with pytest.raises(MailInProgress):
        await post.sending.handle(message(EventType.ORDER_CAPTURED))
    monkeypatch.setattr("functions.notifications.sending.LEASE", timedelta(0))
    for _ in range(2):
        await post.sending.handle(message(EventType.ORDER_CAPTURED))
    assert [to for to, _ in post.sent] == [BUYER, BUYER, SELLER]


async def test_a_mail_that_could_not_be_sent_is_sent_by_the_next_delivery_and_the_others_are_not_repeated() -> None:
    post = Post(ConnectionError("away"))
    with pytest.raises(ConnectionError):
        await post.sending.handle(message(EventType.ORDER_CAPTURED))
    await post.sending.handle(message(EventType.ORDER_CAPTURED))
    await post.sending.handle(message(EventType.ORDER_CAPTURED))
    assert len(post.sent) == 2


async def test_what_an_event_adds_to_the_figures_is_counted_when_its_mails_are_done() -> None:
    post = Post(ConnectionError("away"))
    paid = message(EventType.ORDER_CAPTURED, total=7996, currency="usd")
    with pytest.raises(ConnectionError):
        await post.sending.handle(paid)
    assert post.measures.sums == {}
    await post.sending.handle(paid)
    assert post.measures.sums == {Measure.ORDERS_PAID: 1, Measure.SALES: 7996}
    silent = Post(mails=False)
    await silent.sending.handle(paid)
    assert silent.measures.sums[Measure.SALES] == 7996, "also where no mail is sent"


async def test_a_mail_that_is_refused_is_not_tried_again_and_does_not_keep_back_the_others() -> None:
    post = Post(MailRefused("not verified"))
    for _ in range(2):
        await post.sending.handle(message(EventType.ORDER_CAPTURED))
    assert post.sent == [("ada@example.com", "You have sold something")]


@pytest.mark.parametrize("told", [feedback("Bounce"), feedback("Complaint"), feedback("Bounce", "BUYER@example.com ")])
async def test_an_address_that_bounced_or_complained_is_not_written_to_again(told: str) -> None:
    post = Post()
    assert await post.sending.handle(told) == 0
    await post.sending.handle(message(EventType.ORDER_ACCEPTED))
    assert post.sent == []


async def test_a_full_mailbox_is_written_to_again() -> None:
    post = Post()
    await post.sending.handle(feedback("Bounce", bounce_type="Transient"))
    await post.sending.handle(message(EventType.ORDER_ACCEPTED))
    assert len(post.sent) == 1


async def test_without_a_sender_no_mail_is_sent_and_nothing_fails() -> None:
    post = Post(mails=False)
    assert await post.sending.handle(message(EventType.ORDER_ACCEPTED)) == 0
    assert post.book.settled == {}


async def test_a_body_that_is_no_message_and_an_order_that_is_not_there_are_errors() -> None:
    with pytest.raises(InvalidRequest):
        await Post().sending.handle("{}")
    with pytest.raises(OrderNotFound):
        await Post().sending.handle(message(EventType.ORDER_ACCEPTED, subject_id="other"))


WORDS = {"failure": "sold_out", "carrier": "<b>DHL</b>", "tracking": "T1", "end": "refund"}


def a_notice(kind: NoticeKind, order: Order | None) -> Notice:
    lines = order.lines if order else ()
    until = datetime(2026, 3, 15, tzinfo=UTC)
    return Notice(
        kind=kind, recipient_id="buyer", order=order, lines=lines, amount=Money(5, "usd"), until=until, words=WORDS
    )


@pytest.mark.parametrize("kind", NoticeKind)
def test_each_kind_of_mail_is_text_and_html_and_escapes_what_people_wrote(kind: NoticeKind) -> None:
    order = an_order('<script>alert("x")</script>\n\nBcc: all')
    mail = render(a_notice(kind, order), "buyer@example.com")
    assert mail.subject and "\n" not in mail.subject and "script" not in mail.subject
    assert "<script>" not in mail.html and "<b>" not in mail.html
    assert "{" not in mail.text + mail.html and "\x00" not in mail.text + mail.html
    assert f"<title>{mail.subject}</title>" in mail.html
    assert "Order o1" in mail.text and "Order o1" in mail.html
    if "seller_" not in kind:
        assert "&lt;script&gt;" in mail.html
        assert "39.98 USD" in mail.text and "39.98 USD" in mail.html


@pytest.mark.parametrize("kind", [NoticeKind.SELLER_SUSPENDED, NoticeKind.SELLER_REINSTATED])
def test_a_mail_may_be_about_no_order(kind: NoticeKind) -> None:
    mail = render(a_notice(kind, None), "ada@example.com")
    assert "Order" not in mail.text + mail.html


def test_the_function_subscribes_to_the_events_that_call_for_mails_and_no_others() -> None:
    assert set(NOTIFICATIONS.events) == set(map(str, NOTIFIED))


def test_every_event_but_those_of_offers_and_of_the_ledger_calls_for_a_mail() -> None:
    assert set(EventType) - NOTIFIED == {
        EventType.SHARE_RELEASED,
        EventType.OFFER_CHANGED,
        EventType.PRODUCT_WITHDRAWN,
    }


def test_every_kind_of_mail_is_called_for_by_an_event() -> None:
    data = {"seller_id": "ada", "verdict": "approved", "party": "support"}
    told = [DomainEvent(type=type, subject_id="o1", data=data) for type in NOTIFIED]
    assert {notice.kind for event in told for notice in notices(event, an_order())} == set(NoticeKind)


@pytest.mark.parametrize(
    ("money", "text"),
    [(Money(5, "eur"), "0.05 EUR"), (Money(123456, "usd"), "1,234.56 USD"), (Money(50, "jpy"), "50 JPY")],
)
def test_an_amount_is_written_with_the_decimals_of_its_currency(money: Money, text: str) -> None:
    assert amount(money) == text


@pytest.fixture(params=["memory", "postgres"])
def book(request: pytest.FixtureRequest) -> MailBook:
    if request.param == "memory":
        return MemoryMailBook()
    pool: asyncpg.Pool = request.getfixturevalue("pool")
    return PostgresMailBook(pool)


async def test_a_mail_is_claimed_by_one_delivery_until_it_is_settled(book: MailBook) -> None:
    assert await book.claim(*KEY, MINUTE)
    with pytest.raises(MailInProgress):
        await book.claim(*KEY, MINUTE)
    assert await book.claim(*KEY, timedelta(0)), "the claim of a delivery that died runs out"
    await book.settle(*KEY, "m1")
    assert not await book.claim(*KEY, timedelta(0))
    assert await book.claim(7, "buyer", NoticeKind.ORDER_FAILED, MINUTE)


async def test_a_claim_that_was_given_back_is_taken_at_once_and_a_settled_mail_is_not(book: MailBook) -> None:
    await book.claim(*KEY, MINUTE)
    await book.give_back(*KEY)
    assert await book.claim(*KEY, MINUTE)
    await book.settle(*KEY, None)
    await book.give_back(*KEY)
    assert not await book.claim(*KEY, timedelta(0))


async def test_a_blocked_address_is_known_in_any_spelling(book: MailBook) -> None:
    assert not await book.blocked("a@example.com")
    for _ in range(2):
        await book.block("A@Example.com", "Bounce")
    assert await book.blocked(" a@example.com")
    assert not await book.blocked("b@example.com")
