"""JSON documents with a line for each entry of their lists, so that a line names what differs."""

from collections.abc import Iterator

import msgspec


def encode_by_line(schema: int, document: msgspec.Struct) -> bytes:
    """Return a document whose lists, tuples all of them, have each entry on a line of its own."""
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
