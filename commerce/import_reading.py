"""From the bytes of a seller's file to its rows, in bounded memory.

A file is CSV or JSON lines, in UTF-8. CSV is divided by commas, semicolons or tabs, whichever its first line shows.
A row that is broken costs itself alone: where a quote was opened and not closed, only the line that opened it.
Every row tells where it ends, so that reading can go on from there.
"""

from __future__ import annotations

import csv
import json
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from commerce.errors import MarketplaceError
from commerce.import_rows import COLUMNS, REQUIRED, OfferRow, RowError, parse

MOST_ROW_BYTES: Final = 64 * 1024
_BOM = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_DELIMITERS = (",", ";", "\t")


class ImportFormat(StrEnum):
    CSV = "csv"
    JSON_LINES = "json-lines"


class UnreadableFile(MarketplaceError):
    """The file as a whole cannot be imported; nothing of it was."""

    status = 422
    code = "unreadable-file"
    title = "The file cannot be imported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """So many bytes of the file are read, and so many lines."""

    offset: int = 0
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A row or what is wrong with it, None for an empty line, and the position behind it."""

    result: OfferRow | RowError | None
    end: Position


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    end: int
    content: bytes | None
    """None for one that is longer than a row may be."""


class _Lines:
    """Cuts parts into lines; holds no more than one of them."""

    def __init__(self, start: Position) -> None:
        self._offset, self._number = start.offset, start.line
        self._rest = b""
        self._dropped = 0

    def feed(self, part: bytes) -> Iterator[_Line]:
        lines = (self._rest + part).split(b"\n")
        self._rest = lines.pop()
        for content in lines:
            yield self._line(content, 1)
        if len(self._rest) > MOST_ROW_BYTES:
            self._dropped += len(self._rest)
            self._rest = b""

    def finish(self) -> Iterator[_Line]:
        if self._rest or self._dropped:
            content, self._rest = self._rest, b""
            yield self._line(content, 0)

    def _line(self, content: bytes, ending: int) -> _Line:
        length = self._dropped + len(content)
        self._dropped = 0
        self._offset += length + ending
        self._number += 1
        return _Line(self._number, self._offset, content if length <= MOST_ROW_BYTES else None)


class Reader:
    """Reads a file from `start` on: `feed` it the parts, then `finish`. Raises UnreadableFile.

    A CSV file that is not read from its beginning needs the `header` that was found there.
    """

    def __init__(self, format: ImportFormat, currency: str, start: Position = Position(), header: Header | None = None):
        self._format = format
        self._currency = currency
        self._lines = _Lines(start)
        self._first = start == Position()
        self.header = header
        self._open: deque[_Line] = deque()
        self._open_bytes = self._quotes = 0

    def feed(self, part: bytes) -> Iterator[Read]:
        for line in self._lines.feed(part):
            yield from self._take(line)

    def finish(self) -> Iterator[Read]:
        for line in self._lines.finish():
            yield from self._take(line)
        if self._open:
            yield from self._unclosed()

    def _take(self, line: _Line) -> Iterator[Read]:
        if self._first:
            self._first = False
            line = _Line(line.number, line.end, _without_mark(line.content))
            if self._format is ImportFormat.CSV:
                self.header = Header.of(line.content)
                yield Read(result=None, end=Position(offset=line.end, line=line.number))
                return
        if self._format is ImportFormat.JSON_LINES:
            yield self._read_json(line)
        else:
            yield from self._take_csv(line)

    def _read_json(self, line: _Line) -> Read:
        end = Position(offset=line.end, line=line.number)
        if line.content is None:
            return Read(result=_too_long(line.number), end=end)
        if not line.content.strip():
            return Read(result=None, end=end)
        values = json_values(line.number, line.content)
        if isinstance(values, RowError):
            return Read(result=values, end=end)
        return Read(result=parse(line.number, values, self._currency), end=end)

    def _take_csv(self, line: _Line) -> Iterator[Read]:
        """A row ends with the first line at which all its quotes are closed."""
        waiting = deque([line])
        while waiting:
            line = waiting.popleft()
            if line.content is None or self._open_bytes + len(line.content) > MOST_ROW_BYTES:
                if not self._open:
                    yield Read(result=_too_long(line.number), end=Position(offset=line.end, line=line.number))
                    continue
                waiting.appendleft(line)
                yield from self._give_up(waiting)
                continue
            self._open.append(line)
            self._open_bytes += len(line.content) + 1
            self._quotes += line.content.count(b'"')
            if self._quotes % 2:
                continue
            fields = self._fields(b"\n".join(one.content or b"" for one in self._open))
            if len(self._open) > 1 and isinstance(fields, str):
                yield from self._give_up(waiting)
            else:
                yield self._row(fields)

    def _give_up(self, waiting: deque[_Line]) -> Iterator[Read]:
        """The line that opened the quote is broken; those after it are read anew."""
        broken = self._open.popleft()
        waiting.extendleft(reversed(self._open))
        self._reset()
        error = RowError(
            line=broken.number, code="unclosed-quote", message="A quote is opened in this line and not closed well."
        )
        yield Read(result=error, end=Position(offset=broken.end, line=broken.number))

    def _unclosed(self) -> Iterator[Read]:
        waiting: deque[_Line] = deque()
        while self._open:
            yield from self._give_up(waiting)
            lines, waiting = waiting, deque()
            for line in lines:
                yield from self._take_csv(line)

    def _row(self, fields: list[str] | str) -> Read:
        first, last = self._open[0], self._open[-1]
        self._reset()
        end = Position(offset=last.end, line=last.number)
        if isinstance(fields, str):
            code, _, message = fields.partition(":")
            return Read(result=RowError(line=first.number, code=code, message=message), end=end)
        if not any(fields):
            return Read(result=None, end=end)
        assert self.header is not None  # noqa: S101 - the first line of the file
        values = dict(zip(self.header.columns, fields, strict=True))
        return Read(result=parse(first.number, values, self._currency), end=end)

    def _reset(self) -> None:
        self._open.clear()
        self._open_bytes = self._quotes = 0

    def _fields(self, content: bytes) -> list[str] | str:
        """The fields of a row, or `code:message` of what is wrong with its form."""
        assert self.header is not None  # noqa: S101 - the first line of the file
        if not content.strip():
            return []
        try:
            text = content.decode()
        except UnicodeDecodeError:
            return "not-utf-8:The line is not UTF-8. Save the file as UTF-8."
        try:
            fields = next(csv.reader([text], delimiter=self.header.delimiter, strict=True))
        except csv.Error as wrong:
            return f"bad-quotes:The line cannot be divided into columns: {wrong}."
        if len(fields) != len(self.header.columns):
            return f"wrong-columns:The line has {len(fields)} columns, the first line has {len(self.header.columns)}."
        return fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The first line of a CSV file: which columns it has, and what divides them."""

    columns: tuple[str, ...]
    delimiter: str

    @classmethod
    def of(cls, content: bytes | None) -> Header:
        """Raises UnreadableFile."""
        try:
            text = (content or b"").decode()
        except UnicodeDecodeError as error:
            raise UnreadableFile("The first line is not UTF-8. Save the file as UTF-8.") from error
        delimiter = max(_DELIMITERS, key=text.count)
        try:
            fields: Sequence[str] = next(csv.reader([text], delimiter=delimiter, strict=True), ())
        except csv.Error as error:
            raise UnreadableFile(f"The first line cannot be read: {error}.") from error
        columns = tuple(field.strip().lower() for field in fields)
        _check_columns(columns)
        return cls(columns=columns, delimiter=delimiter)


def _check_columns(columns: Sequence[str]) -> None:
    if missing := [column for column in REQUIRED if column not in columns]:
        raise UnreadableFile(f"The first line names the columns. Missing: {', '.join(missing)}.")
    if unknown := [column for column in columns if column not in COLUMNS]:
        raise UnreadableFile(f"Unknown columns: {', '.join(map(ascii, unknown))}. Known: {', '.join(COLUMNS)}.")
    if len(set(columns)) != len(columns):
        raise UnreadableFile("The first line names a column twice.")
    if not {"product_id", "title"} & set(columns):
        raise UnreadableFile("A column `product_id` or `title` is needed, which says what is offered.")


def _without_mark(content: bytes | None) -> bytes | None:
    """The first line without a byte order mark. Raises UnreadableFile for UTF-16."""
    if content is None:
        return None
    if content.startswith(_UTF_16) or b"\0" in content:
        raise UnreadableFile("The file is not UTF-8 (it looks like UTF-16). Save it as UTF-8.")
    return content.removeprefix(_BOM)


class _Fraction(str):
    """A JSON number with a point, as it was written: no float comes in between."""

    __slots__ = ()


def json_values(line: int, content: bytes) -> dict[str, str] | RowError:
    """The values of one JSON object by column."""
    try:
        found = json.loads(
            content.decode(),
            parse_float=_Fraction,
            parse_constant=_no_constant,
            object_pairs_hook=_no_duplicates,
        )
    except UnicodeDecodeError:
        return RowError(line=line, code="not-utf-8", message="The line is not UTF-8. Save the file as UTF-8.")
    except (ValueError, RecursionError) as wrong:
        return RowError(line=line, code="invalid-json", message=f"The line is not a JSON object: {wrong}.")
    if not isinstance(found, dict):
        return RowError(line=line, code="invalid-json", message="The line is not a JSON object.")
    values: dict[str, str] = {}
    for column, value in found.items():
        if column not in COLUMNS:
            known = ", ".join(COLUMNS)
            return RowError(line=line, code="unknown-column", message=f"No column is called {column[:40]!a}: {known}.")
        if value is None:
            continue
        text = _as_text(column, value)
        if text is None:
            return RowError(line=line, code="wrong-type", column=column, message=f"`{column}` has the wrong type.")
        values[column] = text
    return values


def _as_text(column: str, value: Any) -> str | None:
    """Numbers are taken for a price and for units; everything else is a string."""
    if isinstance(value, _Fraction):
        return str(value) if column == "price" else None
    if isinstance(value, str):
        return value
    numeric = column in ("price", "stock", "expected_stock")
    return str(value) if numeric and type(value) is int else None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member is given twice")
    return found


def _too_long(line: int) -> RowError:
    return RowError(line=line, code="too-long", message=f"The line has more than {MOST_ROW_BYTES} bytes.")
