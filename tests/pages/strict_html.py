"""A page held against what all pages promise; whatever it lacks is an AssertionError."""

import re
from html.parser import HTMLParser
from unicodedata import category

_VOID = {"meta", "link", "br"}
_PHRASING = {"a", "b", "code", "i", "span", "strong", "svg", "title", "desc", "g", "text", "rect"}
_PHRASING |= {"line", "path"}
_HOLDS_PHRASING = {"p", "h1", "h2", "h3", "dt", "summary", "span", "code", "pre", "a"}
_FLOW = {"div", "p", "ul", "ol", "li", "dl", "dt", "dd", "pre", "section", "table", "caption"}
_FLOW |= {"thead", "tbody", "tr", "th", "td", "h1", "h2", "h3", "details", "summary", "figure"}
_FLOW |= {"figcaption", "header", "main", "footer", "nav", "html", "head", "body", "style"}
_CHILDREN = {
    "ul": {"li"},
    "ol": {"li"},
    "dl": {"div", "dt", "dd"},
    "table": {"caption", "thead", "tbody"},
    "thead": {"tr"},
    "tbody": {"tr"},
    "tr": {"th", "td"},
}
_URLS = {"href", "src", "srcset", "action", "xlink:href", "formaction", "data", "poster"}


class StrictHtml(HTMLParser):
    """Reads one page to its end. ``text``: what can be read in it, without titles of plots."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text = ""
        self._open: list[str] = []
        self._ids: list[str] = []
        self._named: list[str] = []
        self._headings: list[int] = []
        self._seen: set[str] = set()
        invisible = {each for each in page if category(each) in ("Cc", "Cf", "Zl", "Zp")} - {"\n"}
        assert not invisible
        self.feed(page)
        self.close()
        assert not self._open
        assert len(set(self._ids)) == len(self._ids)
        assert set(self._named) <= set(self._ids)
        assert [self._headings[0], self._headings.count(1)] == [1, 1]
        steps = zip(self._headings, self._headings[1:], strict=False)
        assert all(after <= before + 1 for before, after in steps)
        assert {"title", "header", "main", "footer", "style"} <= self._seen

    def handle_starttag(self, tag: str, given: list[tuple[str, str | None]]) -> None:
        names = dict(given)
        where = f"{tag} {given} in {self._open}"
        assert tag in _PHRASING | _FLOW | _VOID, where
        assert len(names) == len(given), where
        for name, value in given:
            assert not re.match("on|style$", name), where
            assert name not in _URLS or re.match("#|data:image/svg[+]xml,", value or ""), where
        parent = self._open[-1] if self._open else ""
        assert tag in _CHILDREN.get(parent, {tag}), where
        assert parent not in _HOLDS_PHRASING or tag in _PHRASING, where
        if tag == "svg":
            assert names.get("aria-hidden") == "true" or (
                names.get("role") == "img" and len(names["aria-labelledby"].split()) == 2
            ), where
        if tag == "html":
            assert names == {"lang": "en"}
        if "id" in names:
            self._ids.append(names["id"] or "")
        self._named += (names.get("aria-labelledby") or "").split()
        self._named += re.findall("^#(.+)", names.get("href") or "")
        if tag in ("h1", "h2", "h3"):
            self._headings.append(int(tag[1]))
        if tag == "th":
            assert names.get("scope") in ("col", "row"), where
        if "tabindex" in names and tag not in ("main",):
            assert names.get("aria-label"), where
        self._seen.add(tag)
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, given: list[tuple[str, str | None]]) -> None:
        assert "svg" in self._open, tag
        self.handle_starttag(tag, given)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert [tag] == self._open[-1:], self._open
        self._open.pop()

    def handle_data(self, data: str) -> None:
        parent = self._open[-1] if self._open else ""
        assert not data.strip() or parent not in {*_CHILDREN, "", "html", "head"}, data
        if parent not in ("style", "title", "desc"):
            self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")
