"""The forms in which somebody may quote a secret text: what a message must be safe from."""

import base64
import binascii
import codecs
import html
import json
import quopri
import textwrap
import unicodedata
import urllib.parse
import zlib
from collections.abc import Callable
from functools import partial


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _each(text: str, spell: Callable[[str], str]) -> str:
    return "".join(map(spell, text))


FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "twice": lambda text: text + text,
    "first half": lambda text: text[: len(text) // 2],
    "last half": lambda text: text[len(text) // 2 :],
    "middle": lambda text: text[3:-3],
    "cut with dots": lambda text: text[:12] + "...",
    "cut with an ellipsis": lambda text: "…" + text[-12:],
    "but the first": lambda text: text[1:],
    "but the last": lambda text: text[:-1],
    "every second": lambda text: text[::2],
    "reversed": lambda text: text[::-1],
    "words reversed": lambda text: " ".join(reversed(text.split())),
    "upper": str.upper,
    "lower": str.lower,
    "swapped": str.swapcase,
    "title": str.title,
    "casefold": str.casefold,
    "JSON": json.dumps,
    "JSON twice": lambda text: json.dumps(json.dumps(text)),
    "JSON three times": lambda text: json.dumps(json.dumps(json.dumps(text))),
    "JSON unescaped": lambda text: json.dumps(text, ensure_ascii=False),
    "all \\u": lambda text: _each(text, lambda each: f"\\u{ord(each):04x}"),
    "all \\x": lambda text: "".join(f"\\x{byte:02x}" for byte in _bytes(text)),
    "octal": lambda text: "".join(f"\\{byte:03o}" for byte in _bytes(text)),
    "repr": repr,
    "repr twice": lambda text: repr(repr(text)),
    "ascii": ascii,
    "bytes": lambda text: repr(_bytes(text)),
    "URL": urllib.parse.quote,
    "URL, form": urllib.parse.quote_plus,
    "URL twice": lambda text: urllib.parse.quote(urllib.parse.quote(text)),
    "URL, all": lambda text: "".join(f"%{byte:02X}" for byte in _bytes(text)),
    "query": lambda text: urllib.parse.urlencode({"d": text}),
    "HTML": html.escape,
    "HTML twice": lambda text: html.escape(html.escape(text)),
    "HTML decimal": lambda text: _each(text, lambda each: f"&#{ord(each)};"),
    "HTML hex": lambda text: _each(text, lambda each: f"&#x{ord(each):x};"),
    "base64": lambda text: base64.b64encode(_bytes(text)).decode(),
    "base64 URL": lambda text: base64.urlsafe_b64encode(_bytes(text)).decode().rstrip("="),
    "base64 twice": lambda text: base64.b64encode(base64.b64encode(_bytes(text))).decode(),
    "base64 in lines": lambda text: base64.encodebytes(_bytes(text) * 5).decode(),
    "base32": lambda text: base64.b32encode(_bytes(text)).decode(),
    "base85": lambda text: base64.b85encode(_bytes(text)).decode(),
    "ascii85": lambda text: base64.a85encode(_bytes(text)).decode(),
    "hex": lambda text: _bytes(text).hex(),
    "hex upper": lambda text: _bytes(text).hex().upper(),
    "hex in pairs": lambda text: _bytes(text).hex(" "),
    "hex dump": lambda text: _bytes(text).hex(":", 2),
    "UTF-16 hex": lambda text: text.encode("utf-16-be").hex(),
    "decimal": lambda text: " ".join(str(byte) for byte in _bytes(text)),
    "binary": lambda text: " ".join(f"{byte:08b}" for byte in _bytes(text)),
    "quoted-printable": lambda text: quopri.encodestring(_bytes(text), quotetabs=True).decode(),
    "MIME word": lambda text: f"=?utf-8?B?{base64.b64encode(_bytes(text)).decode()}?=",
    "uuencoded": lambda text: binascii.b2a_uu(_bytes(text)[:45]).decode(),
    "UTF-7": lambda text: text.encode("utf-7").decode(),
    "punycode": lambda text: text.encode("punycode").decode(),
    "mojibake": lambda text: _bytes(text).decode("latin-1"),
    "mojibake of Windows": lambda text: _bytes(text).decode("cp1252", "replace"),
    "question marks": lambda text: text.encode("ascii", "replace").decode(),
    "without accents": lambda text: text.encode("ascii", "ignore").decode(),
    "rot13": lambda text: codecs.encode(text, "rot13"),
    "zlib, base64": lambda text: base64.b64encode(zlib.compress(_bytes(text))).decode(),
    "line-broken": lambda text: "\n".join(textwrap.wrap(text, 9)),
    "line-broken, CRLF": lambda text: "\r\n ".join(textwrap.wrap(text, 7)),
    "each in a line": "\n".join,
    "spaced": " ".join,
    "hyphens": "-".join,
    "zero-width": "\u200b".join,
    "soft hyphens": "\u00ad".join,
    "backspaced": lambda text: _each(text, lambda each: f"x\b{each}"),
    "no blanks": lambda text: text.replace(" ", ""),
    "underscores": lambda text: text.replace(" ", "_"),
    "tabs": lambda text: text.replace(" ", "\t"),
    "no-break": lambda text: text.replace(" ", "\u00a0"),
    "full-width": lambda text: _each(
        text, lambda each: chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each
    ),
    "XML": lambda text: f"<d>{html.escape(text)}</d>",
    "CDATA": lambda text: f"<d><![CDATA[{text}]]></d>",
    "YAML": lambda text: f"d: >-\n  {text}",
    "map": lambda text: f"{{d={text}}}",
    "camel": lambda text: text.title().replace(" ", ""),
    "null bytes": "\0".join,
    **{form: partial(unicodedata.normalize, form) for form in ("NFC", "NFD", "NFKC", "NFKD")},
}


def traces(text: str, length: int = 5) -> set[str]:
    """Strings of that many characters that stand in a text, whatever is between them."""
    squeezed = "".join(each for each in text.casefold() if each.isalnum())
    return {squeezed[at : at + length] for at in range(len(squeezed) - length + 1)}


def shows(shown: str, secret: str, length: int = 5) -> list[str]:
    """The forms of a secret that so many characters in a row of can be found in a shown text."""
    seen = traces(shown, length)
    return [name for name, quote in FORMS.items() if traces(quote(secret), length) & seen]
