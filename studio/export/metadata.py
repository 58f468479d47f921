"""What every exported file says of itself, in the terms that other programs read.

One XMP packet (ISO 16684-1) for PNG, JPEG, WebP and MP4 alike: who made it, the mark
of IPTC for "made by a trained model", the model with its fingerprint, what it was
trained on, and, where a format has no text of its own for it, the whole recipe.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from studio.errors import PictureError

# cv.iptc.org/newscodes/digitalsourcetype: what picture tools and social networks
# look for.
AI_MADE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
PACKET_LIMIT = 4 * 1024 * 1024  # bytes; a recipe of a quarter megabyte fits well
_TEXT_LIMIT = 2000  # characters of a name, a title or a right
_SPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpNote": "http://ns.adobe.com/xmp/note/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "reverie": "urn:reverie:work:1#",
}
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_META = """<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="{rdf}">
{body}
</rdf:RDF>
</x:xmpmeta>"""
_WRAP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
{}
<?xpacket end="r"?>"""
# The box of XMP in MP4: XMP specification part 3, 1.1.4.
_MP4_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")


@dataclass(frozen=True)
class Credit:
    """Who a file is by and what may be done with it; all of it may be empty."""

    creator: str = ""
    rights: str = ""
    title: str = ""


NOBODY = Credit()


def statement_of(card: Mapping[str, Any]) -> dict[str, str]:
    """Return what a file says of its making, as PNG text keywords, from a card."""
    title = str(card.get("title") or card.get("name") or "a trained model")
    made = f"Made with AI (人工智能生成): by the model “{title}” in Reverie."
    said = {"Software": "Reverie", "Description": made, "Comment": "made with AI"}
    data = card.get("data") or {}
    told = (data.get(key) for key in ("description", "rights", "source"))
    if pictures := " ".join(text for text in told if isinstance(text, str)):
        said["Source"] = f"Trained on these pictures: {pictures}"
    return said


def credited(statement: Mapping[str, str], credit: Credit) -> dict[str, str]:
    """Add a credit to a statement, under the keywords of PNG (11.3.3.2)."""
    told = {
        "Title": credit.title,
        "Author": credit.creator,
        "Copyright": credit.rights,
    }
    return {**statement, **{key: _plain(text) for key, text in told.items() if text}}


def packet(
    statement: Mapping[str, str], fingerprint: str = "", work: str = "", note: str = ""
) -> bytes:
    """Return an XMP packet in UTF-8.

    ``statement`` is of ``statement_of`` and ``credited``; ``work`` is the text with
    the recipe, where the file has no other place for it; ``note`` names a second part
    of the packet (see ``parts``).
    """
    plain = {
        "xmp:CreatorTool": statement.get("Software", "Reverie"),
        "Iptc4xmpExt:DigitalSourceType": AI_MADE,
        "Iptc4xmpExt:AISystemUsed": statement.get("Software", "Reverie"),
        "dc:source": statement.get("Source", ""),
        "reverie:ModelFingerprint": fingerprint,
        "reverie:Work": work,
        "xmpNote:HasExtendedXMP": note,
    }
    listed = {
        "dc:description": ("Alt", statement.get("Description", "made with AI")),
        "dc:title": ("Alt", statement.get("Title", "")),
        "dc:rights": ("Alt", statement.get("Copyright", "")),
        "dc:creator": ("Seq", statement.get("Author", "")),
    }
    rows = [_simple(key, text) for key, text in plain.items() if text]
    rows += [_list(key, kind, text) for key, (kind, text) in listed.items() if text]
    return _WRAP.format(_described(rows)).encode()


def parts(
    statement: Mapping[str, str], fingerprint: str, work: str, limit: int
) -> tuple[bytes, bytes]:
    """Return a packet of at most ``limit`` bytes and what did not fit into it.

    JPEG has 64 KB for a packet. A longer recipe goes into a second part, as XMP
    specification part 3, 1.1.3.1 has it: named in the first by its MD5.
    """
    whole = packet(statement, fingerprint, work)
    if len(whole) <= limit:
        return whole, b""
    rest = _described([_simple("reverie:Work", work)]).encode()
    return packet(statement, fingerprint, note=part_name(rest)), rest


def part_name(rest: bytes) -> str:
    """Return the name of a second part: its MD5, which is no secret and no guard."""
    return hashlib.md5(rest, usedforsecurity=False).hexdigest().upper()


def read_packet(data: bytes) -> dict[str, str]:
    """Return the properties of an XMP packet by prefixed name, as ``packet`` has them.

    Of a list the first item; names of other spaces are left out. Anybody may have
    written it: entities are refused, for they unpack to gigabytes. Raises
    PictureError.
    """
    if len(data) > PACKET_LIMIT or b"<!" in data:
        raise PictureError("picture_recipe_damaged")
    try:
        root = ElementTree.fromstring(data.decode("utf-8-sig").strip("\0 \n"))
    except (ElementTree.ParseError, ValueError):
        raise PictureError("picture_recipe_damaged") from None
    found: dict[str, str] = {}
    for described in root.iter(f"{{{_RDF}}}Description"):
        told = {child.tag: _text(child) for child in described}
        for tag, text in {**described.attrib, **told}.items():
            if name := _prefixed(tag):
                found[name] = text.strip()
    return found


def film_tags(statement: Mapping[str, str], document: str) -> dict[str, str]:
    """Return the tags of an MP4 by the names that FFmpeg and PyAV know.

    ``document`` is what makes the film again, as JSON; it is the comment.
    """
    about = [statement.get("Description", "made with AI"), statement.get("Source", "")]
    tags = {
        "title": statement.get("Title", "Reverie"),
        "artist": statement.get("Author", ""),
        "copyright": statement.get("Copyright", ""),
        "description": " ".join(filter(None, about)),
        "comment": document,
        "encoder": statement.get("Software", "Reverie"),
    }
    return {key: text for key, text in tags.items() if text}


def mp4_box(xmp: bytes) -> bytes:
    """Return the box that carries a packet in an MP4; it may follow all others."""
    return struct.pack(">I4s", 24 + len(xmp), b"uuid") + _MP4_XMP + xmp


def _described(rows: Sequence[str]) -> str:
    used = [
        f' xmlns:{prefix}="{space}"'
        for prefix, space in _SPACES.items()
        if any(row.startswith(f"<{prefix}:") for row in rows)
    ]
    head = f'<rdf:Description rdf:about=""{"".join(used)}>'
    body = "\n".join([head, *rows, "</rdf:Description>"])
    return _META.format(rdf=_RDF, body=body)


def _simple(key: str, text: str) -> str:
    return f"<{key}>{escape(_plain(text, PACKET_LIMIT))}</{key}>"


def _list(key: str, kind: str, text: str) -> str:
    language = ' xml:lang="x-default"' if kind == "Alt" else ""
    item = f"<rdf:li{language}>{escape(_plain(text))}</rdf:li>"
    return f"<{key}><rdf:{kind}>{item}</rdf:{kind}></{key}>"


def _plain(text: str, limit: int = _TEXT_LIMIT) -> str:
    """Leave out what no XML may hold; spaces stand for breaks of lines."""
    return "".join(c if c.isprintable() else " " for c in text[:limit]).strip()


def _text(element: ElementTree.Element) -> str:
    item = element.find(f".//{{{_RDF}}}li")
    return (element if item is None else item).text or ""


def _prefixed(tag: str) -> str:
    space, _, name = tag.removeprefix("{").partition("}")
    prefix = next((key for key, known in _SPACES.items() if known == space), "")
    return f"{prefix}:{name}" if prefix and name else ""
