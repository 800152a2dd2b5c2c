"""Newline-delimited JSON, however it is cut into chunks."""

import json

from backpocket_segments.lines import CHUNK, LineSplitter, encode_records
from hypothesis import given
from hypothesis import strategies as st

TEXTS = st.lists(
    st.text(alphabet=st.one_of(st.sampled_from("\n\r\u2028\u2029\x85\x0b{}"), st.characters())), max_size=8
)


@given(texts=TEXTS, size=st.integers(1, 40))
def test_records_come_back_whatever_line_ends_their_texts_hold(texts: list[str], size: int) -> None:
    records = [{"user_id": text.encode("utf-8", "replace").decode()} for text in texts]
    sent = b"".join(encode_records(records))
    lines = LineSplitter()
    chunks = [sent[start : start + size] for start in range(0, len(sent), size)]
    assert [json.loads(line) for chunk in [*chunks, b""] for line in lines.feed(chunk)] == records


def test_last_line_needs_no_end() -> None:
    lines = LineSplitter()
    assert [lines.feed(chunk) for chunk in (b"1\n\n", b"2", b"")] == [[b"1"], [], [b"2"]]


def test_records_are_read_as_they_are_sent() -> None:
    numbers = iter(range(10_000))
    first = next(encode_records({"text": f"{number:01000}"} for number in numbers))
    assert CHUNK <= len(first) < 2 * CHUNK
    assert next(numbers) < 100
