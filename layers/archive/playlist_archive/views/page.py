"""A page as stored: its bytes and content type."""

import msgspec

from playlist_archive.documents.content_types import TEXT


class Page(msgspec.Struct, frozen=True):
    body: bytes
    content_type: str


def text_page(text: str) -> Page:
    return Page(text.encode(), TEXT)
