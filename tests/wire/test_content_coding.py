import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.wire.content_coding import BadCoding, Decoder, TooLarge, decode_whole


@given(body=st.binary(max_size=300), size=st.integers(1, 40), wrap=st.sampled_from([gzip.compress, zlib.compress]))
def test_where_a_compressed_body_is_cut_does_not_change_what_it_says(body, size, wrap):
    coded = wrap(body)
    decoder = Decoder("gzip" if wrap is gzip.compress else "deflate", 1000)
    pieces = [decoder.decode(coded[n : n + size]) for n in range(0, len(coded), size)]
    decoder.finish()

    assert b"".join(pieces) == body


def test_a_decompression_bomb_is_refused_before_it_goes_off():
    bomb = gzip.compress(gzip.compress(gzip.compress(bytes(50_000_000))))

    tracemalloc.start()
    with pytest.raises(TooLarge):
        decode_whole("gzip, gzip, gzip", bomb, 1_000_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 5_000_000


def test_more_encodings_than_anyone_needs_are_refused():
    with pytest.raises(BadCoding, match="9 times over"):
        Decoder(", ".join(["gzip"] * 9), 1000)
