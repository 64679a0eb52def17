"""Sellers' files: strict in each value, forgiving from line to line, and readable from anywhere on."""

from __future__ import annotations

import csv
import io
import json
import time
import tracemalloc
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.currencies import CURRENCIES
from commerce.import_reading import MOST_ROW_BYTES, ImportFormat, Position, Read, Reader, UnreadableFile
from commerce.import_rows import Description, OfferRow, RowError
from commerce.money import Money

HEADER = b"sku,price,stock,title\n"


def read(content: bytes, parts: int = 10_000, format: ImportFormat = ImportFormat.CSV, **given: object) -> list[Read]:
    reader = Reader(format, "usd", **given)  # type: ignore[arg-type]
    reads: list[Read] = []
    start = given.get("start", Position())
    assert isinstance(start, Position)
    for first in range(start.offset, len(content), parts):
        reads += reader.feed(content[first : first + parts])
    return [*reads, *reader.finish()]


def rows(reads: Iterable[Read]) -> list[OfferRow]:
    return [one.result for one in reads if isinstance(one.result, OfferRow)]


def errors(reads: Iterable[Read]) -> list[tuple[int, str]]:
    return [(one.result.line, one.result.code) for one in reads if isinstance(one.result, RowError)]


def test_a_file_of_offers_is_read() -> None:
    content = b"sku,price,stock,product_id,title,description,category,expected_stock\r\nA-1,12.90,3,mug,,,,\r\n"
    content += b'"B 2",7,0,,"Big, ""blue"" mug","Two\nlines",kitchen,4\r\n\r\n'
    mug, big = rows(read(content))
    assert mug == OfferRow(line=2, sku="A-1", price=Money(1290, "usd"), stock=3, product_id="mug")
    assert big == OfferRow(
        line=3,
        sku="B 2",
        price=Money(700, "usd"),
        stock=0,
        described=Description(title='Big, "blue" mug', description="Two\nlines", category="kitchen"),
        expected_stock=4,
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_spreadsheets_write_files_in_many_ways(delimiter: str, mark: bytes, ending: str) -> None:
    lines = [["Title", " SKU ", "price", "stock"], ["Café ☕", "a", "1.5", "2"], ["x", "b", "0.01", "0"]]
    content = mark + ending.join(delimiter.join(line) for line in lines).encode()
    assert [(row.sku, row.price.amount) for row in rows(read(content))] == [("a", 150), ("b", 1)]


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (b"", "Missing: sku, price, stock"),
        (b"sku,price,title", "Missing: stock"),
        (b"sku,price,stock", "`product_id` or `title`"),
        (b"sku,price,stock,title,color", "Unknown columns: 'color'"),
        (b"sku,price,stock,title,sku", "twice"),
        (b"sku,price,stock,title\xff", "not UTF-8"),
        ("sku,price,stock,title".encode("utf-16"), "UTF-16"),
        ("sku,price,stock,title".encode("utf-16-le"), "UTF-16"),
        (b'sku,price,stock,"title', "cannot be read"),
    ],
)
def test_a_file_without_a_good_first_line_is_refused_as_a_whole(header: bytes, why: str) -> None:
    with pytest.raises(UnreadableFile, match=why):
        read(header + b"\na,1,1,t\n")


@pytest.mark.parametrize(
    ("price", "amount"),
    [
        ("12", 1200),
        ("12.9", 1290),
        ("12.90", 1290),
        ("0.01", 1),
        ("1000000", 100_000_000),
        *(
            (wrong, None)
            for wrong in ("0", "0.00", "-1", "+1", "1,5", "1.234", "1e3", "1.", ".5", "$1", "1 000", "٣", "nan")
        ),
        ("1000000.01", None),
        ("1" * 30, None),
    ],
)
def test_a_price_is_written_in_one_way(price: str, amount: int | None) -> None:
    reads = read(HEADER + f'a,"{price}",1,t\n'.encode())
    assert [row.price.amount for row in rows(reads)] == ([] if amount is None else [amount])
    assert errors(reads) == ([(2, "invalid-price")] if amount is None else [])


def test_a_currency_without_cents_has_none() -> None:
    reader = Reader(ImportFormat.CSV, "jpy")
    reads = [*reader.feed(HEADER + b"a,1290,1,t\nb,12.90,1,t\n"), *reader.finish()]
    assert [row.price for row in rows(reads)] == [Money(1290, "jpy")]
    assert errors(reads) == [(3, "invalid-price")]


@given(st.sampled_from(sorted(CURRENCIES)), st.integers(1, 100_000_000))
def test_every_price_survives_the_way_through_a_file(currency: str, amount: int) -> None:
    shown = str(amount) if currency in ("jpy", "krw") else f"{amount // 100}.{amount % 100:02}"
    reader = Reader(ImportFormat.CSV, currency)
    (row,) = rows([*reader.feed(HEADER + f"a,{shown},1,t".encode()), *reader.finish()])
    assert row.price == Money(amount, currency)


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        (b",1,1,t", "missing-value", "sku"),
        ("\u00e4,1,1,t".encode(), "invalid-sku", "sku"),
        (b"a,,1,t", "missing-value", "price"),
        (b"a,1,-1,t", "invalid-stock", "stock"),
        (b"a,1,1.0,t", "invalid-stock", "stock"),
        (b"a,1,1000000001,t", "invalid-stock", "stock"),
        (b"a,1,1," + b"t" * 201, "too-long", "title"),
        (b"a,1,1,\x00\x07", "invalid-text", "title"),
        (b"a,1,1", "wrong-columns", None),
        (b"a,1,1,t,t", "wrong-columns", None),
        (b"a,1,1,\xff", "not-utf-8", None),
        (b'a,1,1,"t"t', "bad-quotes", None),
        (b"a,1,1," + b"t" * MOST_ROW_BYTES, "too-long", None),
    ],
)
def test_a_bad_line_costs_itself_alone(line: bytes, code: str, column: str | None) -> None:
    reads = read(HEADER + b"first,1,1,t\n" + line + b"\nlast,1,1,t\n")
    assert [row.sku for row in rows(reads)] == ["first", "last"]
    (error,) = (one.result for one in reads if isinstance(one.result, RowError))
    assert (error.line, error.code, error.column) == (3, code, column)


def test_a_quote_that_is_never_closed_costs_the_line_that_opened_it() -> None:
    lines = [b'bad,1,1,"t', *(b"sku%d,1,1,t" % number for number in range(10_000))]
    reads = read(HEADER + b"\n".join(lines))
    assert errors(reads) == [(2, "unclosed-quote")]
    assert [row.sku for row in rows(reads)] == [f"sku{number}" for number in range(10_000)]
    # Two of them in one file must not swallow what is between them.
    reads = read(HEADER + b'bad,1,1,"t\na,1,1,t\nb,1,1,t\nworse,1,1,"t\nc,1,1,t\n')
    assert [row.sku for row in rows(reads)] == ["a", "b", "c"]
    assert [line for line, _ in errors(reads)] == [2, 5]


def test_a_line_without_an_end_takes_no_more_memory_than_a_row_may() -> None:
    reader = Reader(ImportFormat.CSV, "usd")
    list(reader.feed(HEADER))
    tracemalloc.start()
    for _ in range(200):
        list(reader.feed(b"x" * 100_000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000
    reads = [*reader.feed(b"\nlast,1,1,t\n"), *reader.finish()]
    assert errors(reads) == [(2, "too-long")]
    assert [row.sku for row in rows(reads)] == ["last"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('{"sku": "a", "price": "1", "stock": 1, "title": "t", "color": "red"}', "unknown-column"),
        ('{"sku": 1, "price": "1", "stock": 1, "title": "t"}', "wrong-type"),
        ('{"sku": "a", "price": "1", "stock": true, "title": "t"}', "wrong-type"),
        ('{"sku": "a", "price": "1", "stock": 1.0, "title": "t"}', "wrong-type"),
        ('{"sku": "a", "price": NaN, "stock": 1, "title": "t"}', "invalid-json"),
        ('{"sku": "a", "sku": "b", "price": "1", "stock": 1, "title": "t"}', "invalid-json"),
        ('{"sku": "a", "price": 1e2, "stock": 1, "title": "t"}', "invalid-price"),
        ('["a"]', "invalid-json"),
        ("{", "invalid-json"),
        ("[" * 30_000, "invalid-json"),
        ('{"sku": "a", "price": "1", "stock": 1, "title": "\\ud800"}', "invalid-text"),
        ("1" * 5_000, "invalid-json"),
    ],
)
def test_a_line_of_json_is_an_object_of_the_same_columns(line: str, code: str) -> None:
    good = '{"sku": "ok", "price": 12.90, "stock": 2, "title": "t", "category": null}'
    reads = read(f"{good}\n{line}\n\n{good}".encode(), format=ImportFormat.JSON_LINES)
    assert [row.price.amount for row in rows(reads)] == [1290, 1290]
    assert errors(reads) == [(2, code)]


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=30).map(
    lambda text: f"t{text}"
)
PROSE = st.lists(st.sampled_from(["a", ",", ";", "\t", '"', "'", "\n", "\r\n", " ", "ä", "☕"])).map("".join)
FILES = st.lists(st.tuples(TEXTS, PROSE, st.integers(0, 10**9)), max_size=8)


@given(FILES, st.sampled_from(",;\t"), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.integers(1, 40))
def test_whatever_a_csv_writer_writes_is_read_back(
    made: list[tuple[str, str, int]], delimiter: str, ending: str, quote_all: bool, parts: int
) -> None:
    output = io.StringIO()
    quoting = csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
    writer = csv.writer(output, delimiter=delimiter, lineterminator=ending, quoting=quoting)
    writer.writerow(["sku", "price", "stock", "title", "description"])
    writer.writerows([f"s{number}", "1", stock, title, text] for number, (title, text, stock) in enumerate(made))
    reads = read(output.getvalue().encode(), parts)
    assert errors(reads) == []
    described = [row.described for row in rows(reads)]
    assert [(one.title, one.description) for one in described if one] == [
        (title.strip(), text) for title, text, _ in made
    ]


@given(FILES, st.integers(1, 40))
def test_whatever_is_written_as_json_is_read_back(made: list[tuple[str, str, int]], parts: int) -> None:
    lines = [
        json.dumps({"sku": f"s{number}", "price": "1", "stock": stock, "title": title, "description": text})
        for number, (title, text, stock) in enumerate(made)
    ]
    reads = read("\n".join(lines).encode(), parts, ImportFormat.JSON_LINES)
    assert errors(reads) == []
    assert [row.stock for row in rows(reads)] == [stock for _, _, stock in made]


@given(
    st.lists(st.sampled_from(["a,1,1,t", '"b",2,2,"t\nt"', '"', 'c,1,1,"', "", "x", '""""', "d,9,9,t"]), max_size=9),
    st.data(),
)
def test_reading_on_from_any_row_finds_what_reading_at_once_does(lines: list[str], data: st.DataObject) -> None:
    content = HEADER + "\n".join(lines).encode()
    whole = read(content, data.draw(st.integers(1, 30)))
    assert [one.end.offset for one in whole] == sorted({one.end.offset for one in whole})
    assert whole[-1].end.offset == len(content)
    reader = Reader(ImportFormat.CSV, "usd")
    list(reader.feed(HEADER))
    stop = data.draw(st.integers(0, len(whole) - 1))
    rest = read(content, data.draw(st.integers(1, 30)), start=whole[stop].end, header=reader.header)
    assert rest == whole[stop + 1 :]


@given(st.binary(max_size=300), st.sampled_from(list(ImportFormat)))
def test_any_bytes_are_read_to_their_end(content: bytes, format: ImportFormat) -> None:
    reads = read(HEADER + content, format=format)
    assert reads[-1].end.offset == len(HEADER) + len(content)


def test_a_hundred_thousand_rows_are_read_quickly() -> None:
    content = HEADER + b"".join(b"sku-%d,12.90,3,A title of a product\n" % number for number in range(20_000))
    started = time.process_time()
    assert len(rows(read(content, 1_000_000))) == 20_000
    assert time.process_time() - started < 2.0
