"""PNG pictures with a palette, which take a third of the bytes of a browser's own."""

import struct
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {2: 3, 6: 4}
_PALETTE = 3
_MOST = 256

type Colour = tuple[int, int, int]


def with_palette(picture: bytes) -> bytes:
    """Return an opaque picture with 256 of its colours; any other becomes the nearest of those."""
    lines = list(read_lines(picture))
    palette, nearest = _choose(Counter(colour for line in lines for colour in line))
    pixels = b"".join(b"\0" + bytes(nearest[colour] for colour in line) for line in lines)
    header = struct.pack(">IIBBBBB", len(lines[0]), len(lines), 8, _PALETTE, 0, 0, 0)
    chunks = [
        (b"IHDR", header),
        (b"PLTE", bytes(channel for colour in palette for channel in colour)),
        (b"IDAT", zlib.compress(pixels, 9)),
        (b"IEND", b""),
    ]
    return _SIGNATURE + b"".join(_chunk(kind, body) for kind, body in chunks)


def _choose(counts: Mapping[Colour, int]) -> tuple[list[Colour], dict[Colour, int]]:
    """Return a palette, and for each colour the place of the nearest one in it.

    The next one is always the one of which most would be missed: of many pixels, or of few that are
    unlike all others.
    """
    palette = [max(counts, key=lambda colour: (counts[colour], colour))]
    nearest = dict.fromkeys(counts, 0)
    missed = {colour: _distance(colour, palette[0]) for colour in counts}
    while len(palette) < _MOST and any(missed.values()):
        chosen = max(counts, key=lambda colour: (missed[colour] * counts[colour], colour))
        for colour, before in missed.items():
            if (now := _distance(colour, chosen)) < before:
                nearest[colour], missed[colour] = len(palette), now
        palette.append(chosen)
    return palette, nearest


def read_lines(picture: bytes) -> Iterator[list[Colour]]:
    """Yield the lines of a picture with eight bits a channel; how transparent it is does not count."""
    chunks = list(_chunks(picture))
    width, _, depth, kind, *_, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    palette = next((body for name, body in chunks if name == b"PLTE"), b"")
    channels = 1 if kind == _PALETTE else _CHANNELS[kind]
    if depth != 8 or interlaced:
        raise ValueError(
            "only pictures with eight bits a channel and without interlace can be read"
        )
    pixels = zlib.decompress(b"".join(body for name, body in chunks if name == b"IDAT"))
    length, above = width * channels, bytes(width * channels)
    for start in range(0, len(pixels), length + 1):
        above = _unfiltered(pixels[start], pixels[start + 1 : start + 1 + length], above, channels)
        if kind == _PALETTE:
            yield [_triple(palette, 3 * place) for place in above]
        else:
            yield [_triple(above, place) for place in range(0, length, channels)]


def _unfiltered(kind: int, line: bytes, above: bytes, channels: int) -> bytes:
    """Return a line as it was before its filter, of which PNG has five kinds."""
    found = bytearray(line)
    for place, value in enumerate(line):
        left, corner = (
            (found[place - channels], above[place - channels]) if place >= channels else (0, 0)
        )
        up = above[place]
        guess = (0, left, up, (left + up) // 2, _paeth(left, up, corner))[kind]
        found[place] = (value + guess) & 0xFF
    return bytes(found)


def _paeth(left: int, up: int, corner: int) -> int:
    estimate = left + up - corner
    return min((left, up, corner), key=lambda it: abs(estimate - it))


def _triple(channels: bytes, place: int) -> Colour:
    return channels[place], channels[place + 1], channels[place + 2]


def _distance(one: Colour, other: Colour) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _chunks(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(_SIGNATURE)
    while place < len(picture):
        length, kind = struct.unpack(">I4s", picture[place : place + 8])
        yield kind, picture[place + 8 : place + 8 + length]
        place += 12 + length


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
