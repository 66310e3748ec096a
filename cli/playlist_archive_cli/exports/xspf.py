"""XSPF and its JSON form, JSPF: playlists that identify songs without file locations."""

import json
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from playlist_archive.documents.playlist import Item
from playlist_archive.views.markdown import strip_tags
from playlist_archive_cli.exports.collection import Collection, Encoded, Texts, credit, is_uri

_NAMESPACE = "http://xspf.org/ns/0/"


def encode_xspf(collection: Collection) -> Encoded:
    texts = Texts()
    playlist = ET.Element("playlist", {"version": "1", "xmlns": _NAMESPACE})
    for name, text in _head(collection):
        ET.SubElement(playlist, name).text = texts.on_a_line(text)
    tracks = ET.SubElement(playlist, "trackList")
    for _, item in texts.named(collection.rows):
        track = ET.SubElement(tracks, "track")
        for name, value in _track(item):
            ET.SubElement(track, name).text = texts.on_a_line(str(value))
    ET.indent(playlist, " ")
    document = ET.tostring(playlist, encoding="unicode", short_empty_elements=False)
    return texts.encoded(f'<?xml version="1.0" encoding="UTF-8"?>\n{document}\n')


def encode_jspf(collection: Collection) -> Encoded:
    texts = Texts()
    tracks = [
        {name: [value] if name == "identifier" else value for name, value in _track(item)}
        for _, item in texts.named(collection.rows)
    ]
    document = {"playlist": {**dict(_head(collection)), "track": tracks}}
    return texts.encoded(json.dumps(document, ensure_ascii=False, indent=1) + "\n")


def _head(collection: Collection) -> Iterator[tuple[str, str]]:
    yield "title", collection.name
    if owner := collection.owner.name or collection.owner.id:
        yield "creator", owner
    if described := strip_tags(collection.description):
        yield "annotation", described
    yield "info", collection.url
    if collection.time:
        yield "date", collection.time


def _track(item: Item) -> Iterator[tuple[str, str | int]]:
    if is_uri(address := item.url or item.uri):
        yield "identifier", address
    if item.name:
        yield "title", item.name
    if artists := credit(item):
        yield "creator", artists
    if item.album.name:
        yield "album", item.album.name
    if item.duration_ms > 0:
        yield "duration", item.duration_ms
