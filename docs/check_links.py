"""Check a built site: every link within it leads somewhere, to the place in the page, too. Nothing is asked elsewhere.

python docs/check_links.py site
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """What a page links to, and the places in it that can be linked to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.places: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take down one element."""
        for name, value in attrs:
            if name in {"id", "name"} and value:
                self.places.add(value)
            if name in {"href", "src"} and value:
                self.links.append(value)


def wrong_links(site: Path) -> list[str]:
    """Every link within a site that leads nowhere, and what is fetched from other servers, as lines."""
    pages = {path.resolve(): Page(path) for path in sorted(site.rglob("*.html"))}
    wrong = [] if pages else [f"{site}: has no pages"]
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue  # elsewhere, or in the page itself as data
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            place = unquote(parts.fragment)
            if not target.exists():
                wrong.append(f"{path.relative_to(site.resolve())}: {link} is not there")
            elif place and target in pages and place not in pages[target].places | {"top"}:
                wrong.append(f"{path.relative_to(site.resolve())}: {link} is no place in that page")
    return wrong


if __name__ == "__main__":
    found = wrong_links(Path(sys.argv[1]))
    sys.stdout.write("".join(f"{line}\n" for line in found))
    sys.exit(1 if found else 0)
