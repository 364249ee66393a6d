"""Content encodings undone within a bound, for live replies and for recorded ones.

It stands apart from httpx's decoders because theirs have no bound: 32 kB of nested gzip can stand for gigabytes.
"""

import zlib
from collections.abc import Iterable

_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS
_KNOWN = frozenset({"gzip", "x-gzip", "deflate"})
_MAX_CODINGS = 3
_HEADER_BYTES = 2
_OF_THE_WAY = frozenset({"content-encoding", "content-length", "transfer-encoding"})
GZIP_MAGIC = b"\x1f\x8b"


class BadCoding(Exception):
    """A body is not what its Content-Encoding says; the message tells how."""


class TooLarge(Exception):
    """A body is longer than allowed."""


class Decoder:
    """Undoes the encodings of one body, piece by piece.

    encoding  the value of Content-Encoding, or None
    limit     the greatest number of bytes that may come out
    raises    BadCoding for an encoding that is not known, from the constructor
    """

    def __init__(self, encoding: str | None, limit: int) -> None:
        self._left = limit
        self._stages: list[_Stage] = []
        if not encoding:
            return
        names = [name for part in encoding.split(",") if (name := part.strip().lower()) not in ("", "identity")]
        for name in names:
            if name not in _KNOWN:
                raise BadCoding(f"its Content-Encoding '{name[:40]}' was not asked for and is not understood")
        if len(names) > _MAX_CODINGS:
            raise BadCoding(f"it is encoded {len(names)} times over")
        self._stages = [_Stage(name, limit) for name in reversed(names)]

    def decode(self, content: bytes) -> bytes:
        """What the next bytes stand for; may be empty.

        raises  BadCoding or TooLarge
        """
        for stage in self._stages:
            content = stage.decode(content)
        self._left -= len(content)
        if self._left < 0:
            raise TooLarge
        return content

    def finish(self) -> None:
        """Say that no more bytes come.

        raises  BadCoding if the encoded body is cut off
        """
        if self._stages and any(stage.is_open for stage in self._stages):
            raise BadCoding("its compressed body is cut off")


class _Stage:
    def __init__(self, name: str, limit: int) -> None:
        self._is_gzip = name != "deflate"
        self._inflate = zlib.decompressobj(_GZIP if self._is_gzip else _ZLIB)
        self._left = limit
        self._head = b""
        self._begun = False

    @property
    def is_open(self) -> bool:
        return bool(self._begun or self._head) and not self._inflate.eof

    def decode(self, content: bytes) -> bytes:
        pieces = []
        while content:
            piece, content = self._step(content)
            pieces.append(piece)
            self._left -= len(piece)
            if self._left < 0:
                raise TooLarge
        return b"".join(pieces)

    def _step(self, content: bytes) -> tuple[bytes, bytes]:
        """Some bytes that come out, and what is left to go in."""
        if self._inflate.eof:
            if not self._is_gzip or not content.startswith(GZIP_MAGIC[:1]):
                # Padding after the end, as gunzip and browsers take it.
                return b"", b""
            self._inflate = zlib.decompressobj(_GZIP)
        if not self._begun:
            # Two bytes tell a zlib header from none, and they may come one by one.
            content = self._head + content
            if len(content) < _HEADER_BYTES:
                self._head = content
                return b"", b""
        try:
            piece = self._inflate.decompress(content, self._left + 1)
        except zlib.error as error:
            if self._begun or self._is_gzip:
                raise BadCoding(f"its body is not the {'gzip' if self._is_gzip else 'deflate'} it claims") from error
            # Many servers send 'deflate' without the zlib header that RFC 9110 asks for.
            self._inflate = zlib.decompressobj(_RAW)
            self._begun = True
            return b"", content
        self._begun = True
        return piece, self._inflate.unconsumed_tail or self._inflate.unused_data


def decode_whole(encoding: str | None, body: bytes, limit: int) -> bytes:
    """A whole body with its encodings undone.

    raises  BadCoding or TooLarge
    """
    decoder = Decoder(encoding, limit)
    decoded = decoder.decode(body)
    decoder.finish()
    return decoded


def without_coding(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The headers less those that describe a body as it was on its way."""
    return tuple([pair for pair in headers if pair[0] not in _OF_THE_WAY])
