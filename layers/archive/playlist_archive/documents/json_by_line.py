"""JSON documents with one line for each list entry, so that a diff shows single entries."""

from collections.abc import Iterator

import msgspec


def encode_by_line(schema: int, document: msgspec.Struct) -> bytes:
    """Return a document with each entry of its lists (which are tuples) on its own line."""
    fields = {"schema": schema, **msgspec.structs.asdict(document)}
    # Joined only once: there may be a hundred thousand lines.
    return b"".join(_pieces(fields))


def _pieces(fields: dict[str, object]) -> Iterator[bytes]:
    separator = b"{\n"
    for name, value in fields.items():
        yield b"%b%b: " % (separator, msgspec.json.encode(name))
        separator = b",\n"
        if isinstance(value, tuple) and value:
            begin = b"[\n"
            for entry in value:
                yield begin
                yield msgspec.json.encode(entry)
                begin = b",\n"
            yield b"\n]"
        else:
            yield msgspec.json.encode(value)
    yield b"\n}\n"
