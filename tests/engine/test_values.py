"""Values on the wire, in the state and in a plan."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.engine.paths import keep_ignored
from toolkit.engine.provider import Asset
from toolkit.engine.tokens import Tokens, fragment_in
from toolkit.engine.values import ResourceReference, Secret, decode, encode, from_json, mark_secrets, reveal, to_json

SCALARS = st.none() | st.booleans() | st.integers(-(2**50), 2**50) | st.floats(allow_nan=False, allow_infinity=False)
ASSETS = st.builds(Asset, kind=st.sampled_from(["file", "text", "uri"]), location=st.text(min_size=1), hash=st.text())
LEAVES = SCALARS | st.text() | ASSETS | st.builds(ResourceReference, st.text(min_size=1), st.text(min_size=1))
NO_DIGITS = st.characters(codec="utf-8", exclude_characters="0123456789")
KEYS = st.text() | st.sampled_from(["$secret", "$$secret", "$asset", "$resource", "$ref"])
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3) | st.builds(Secret, inner),
    max_leaves=8,
)


@settings(max_examples=50)
@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_a_value_survives_the_wire_and_the_state(properties: dict[str, Any]) -> None:
    assert decode(encode(properties)) == properties
    assert from_json(to_json(properties)) == properties


def test_an_output_that_echoes_a_secret_input_is_secret_as_a_whole() -> None:
    outputs = {"tags": {"a": "x", "b": "s"}, "list": ["s", "t"], "url": "u", "arn": "a"}
    inputs = {"tags": {"a": "x", "b": Secret("s")}, "list": [Secret("s"), "t"]}
    marked = mark_secrets(outputs, inputs, ("url",))
    assert marked == {
        "tags": {"a": "x", "b": Secret("s")},
        "list": Secret(["s", "t"]),
        "url": Secret("u"),
        "arn": "a",
    }
    assert reveal(marked) == outputs


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("tags", {"tags": {"a": 1}, "rules": [{"p": 9}]}),
        ("tags.a", {"tags": {"a": 1, "b": 3}, "rules": [{"p": 9}]}),
        ('tags["b"]', {"tags": {"a": 2}, "rules": [{"p": 9}]}),
        ("rules[0].p", {"tags": {"a": 2, "b": 3}, "rules": [{"p": 8}]}),
        ("rules[*].p", {"tags": {"a": 2, "b": 3}, "rules": [{"p": 8}]}),
        ("gone", {"tags": {"a": 2, "b": 3}, "rules": [{"p": 9}], "gone": 7}),
    ],
)
def test_ignored_changes_keep_their_old_value(path: str, expected: Any) -> None:
    olds = {"tags": {"a": 1}, "rules": [{"p": 8}], "gone": 7}
    news = {"tags": {"a": 2, "b": 3}, "rules": [{"p": 9}]}
    assert keep_ignored(news, olds, [path]) == expected


@settings(max_examples=50)
@given(st.text(NO_DIGITS), st.text(NO_DIGITS))
def test_tokens_are_found_in_any_text(before: str, after: str) -> None:
    tokens = Tokens("a")
    text, number = tokens.text(("urn", "arn")), tokens.number(("urn", "port"))
    parts = tokens.split(f"{before}{text}{number}{after}")
    assert [part for part in parts if not isinstance(part, str)] == [("urn", "arn"), ("urn", "port")]


def test_a_token_that_was_cut_up_is_noticed() -> None:
    token = Tokens("a").text(("urn", "arn"))
    assert all(fragment_in(piece) for piece in (token.upper(), token.split(":")[0], token[:-3], token[9:]))
    assert not fragment_in("arn:aws:sqs:eu-west-1:123456789012:orders")


def test_two_properties_never_share_a_number() -> None:
    tokens = Tokens("a")
    numbers = [tokens.number(("urn", index)) for index in range(20_000)]
    assert len(set(numbers)) == len(numbers)


def test_a_malformed_path_leaves_the_other_ignored_paths_in_force() -> None:
    assert keep_ignored({"a": 2, "b": 2}, {"a": 1, "b": 1}, ["a[", "a"]) == {"a": 1, "b": 2}
