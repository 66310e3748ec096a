"""Pictures are written with a palette that keeps what one would miss."""

import struct
import zlib

import pytest

from tests.support.palette_png import read_lines, with_palette

pytestmark = pytest.mark.unit

WIDTH = 4


def picture(lines: list[bytes], *, kind: int = 2, interlaced: int = 0) -> bytes:
    """Return a PNG; each line begins with the number of its filter."""
    header = struct.pack(">IIBBBBB", WIDTH, len(lines), 8, kind, 0, 0, interlaced)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"".join(lines))), (b"IEND", b"")]
    told = [
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(told)


def test_each_filter_of_a_line_is_taken_back() -> None:
    grey = bytes([10, 10, 10])
    lines = [
        bytes([0]) + grey * WIDTH,
        bytes([1]) + grey + bytes([5, 5, 5]) + bytes(6),
        bytes([2]) + bytes([1]) * 12,
        bytes([3]) + bytes(12),
        bytes([4]) + bytes([2]) * 12,
    ]

    read = [[colour[0] for colour in line] for line in read_lines(picture(lines))]

    assert read == [
        [10, 10, 10, 10],
        [10, 15, 15, 15],
        [11, 16, 16, 16],
        [5, 10, 13, 14],
        [7, 12, 15, 17],
    ]


def test_a_picture_of_few_colours_stays_as_it_is() -> None:
    line = bytes([0, *(1, 2, 3, 255), *(4, 5, 6, 255), *(1, 2, 3, 255), *(7, 8, 9, 255)])
    before = picture([line, line], kind=6)

    assert list(read_lines(with_palette(before))) == list(read_lines(before))


def test_of_many_colours_a_rare_one_that_is_unlike_the_others_stays() -> None:
    greys = [
        bytes([0, *(channel for _ in range(WIDTH) for channel in (n, n, n))]) for n in range(200)
    ]
    greens = [bytes([0, *(n, n + 1, n) * WIDTH]) for n in range(200)]
    red = bytes([0, *(200, 30, 20), *(0, 0, 0) * (WIDTH - 1)])

    lines = list(read_lines(with_palette(picture([*greys, *greens, red]))))

    assert lines[-1][0] == (200, 30, 20)
    assert len({colour for line in lines for colour in line}) == 256
    assert max(abs(line[0][0] - n % 200) for n, line in enumerate(lines[:-1])) <= 1


def test_an_interlaced_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="without interlace"):
        list(read_lines(picture([bytes(13)], interlaced=1)))
