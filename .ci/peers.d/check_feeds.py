"""Reads the feeds of a publication as readers do and compares them: the three formats with each
other, and each with its archives (RFC 5005).

    check_feeds.py PUBLIC
"""

import email.utils
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as tree

import feedparser

HISTORY = "{http://purl.org/syndication/history/1.0}"
ATOM = "{http://www.w3.org/2005/Atom}"
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
IRI = re.compile(r"[a-z][a-z0-9+.-]*:\S+")


def one(element, name):
    return len(element.findall(ATOM + name)) == 1


def check_atom(feed):
    """RFC 4287 4.1.1, 4.1.2, 4.2.6, 3.3: what every feed and entry must have."""
    entries = feed.findall(ATOM + "entry")
    feed_author = feed.find(ATOM + "author") is not None
    for element in [feed, *entries]:
        what = element.findtext(ATOM + "id", "an element without id")
        for name in ("id", "title", "updated"):
            if not one(element, name):
                yield f"atom: {what}: not exactly one {name}"
        if not IRI.fullmatch(what):
            yield f"atom: id {what!r} is no IRI"
        for name in ("updated", "published"):
            for date in element.findall(ATOM + name):
                if not RFC3339.fullmatch(date.text or ""):
                    yield f"atom: {what}: {name} {date.text!r}"
        links = [(link.get("rel", "alternate"), link.get("type"), link.get("hreflang")) for link in element.findall(ATOM + "link")]
        alternates = [link for link in links if link[0] == "alternate"]
        if len(alternates) != len(set(alternates)):
            yield f"atom: {what}: two alternate links of one kind"
        if element is not feed:
            if element.find(ATOM + "author") is None and not feed_author:
                yield f"atom: {what}: no author"
            if element.find(ATOM + "content") is None and not alternates:
                yield f"atom: {what}: neither content nor link"
    if not any(link.get("rel") == "self" for link in feed.findall(ATOM + "link")):
        yield "atom: no link to itself"
    updated = [entry.findtext(ATOM + "updated", "") for entry in entries]
    if updated and feed.findtext(ATOM + "updated", "") < max(updated):
        yield "atom: the feed is older than its newest entry"


def check_rss(rss):
    channel = rss.find("channel")
    if rss.get("version") != "2.0" or channel is None:
        yield "rss: no channel of version 2.0"
        return
    for name in ("title", "link", "description"):
        if len(channel.findall(name)) != 1:
            yield f"rss: not exactly one {name}"
    for item in channel.findall("item"):
        guid = item.find("guid")
        if guid is None or guid.get("isPermaLink") != "false" and not (guid.text or "").startswith("http"):
            yield "rss: a guid that is no permanent link and does not say so"
        date = item.findtext("pubDate", "")
        parsed = email.utils.parsedate_to_datetime(date)
        if not date.startswith(parsed.strftime("%a, ")):
            yield f"rss: wrong day of the week in {date}"
        if "-0000" in date:
            yield f"rss: no zone in {date}"


def check_json(feed):
    if feed.get("version") != "https://jsonfeed.org/version/1.1":
        yield f"json: version {feed.get('version')}"
    for name in ("title", "home_page_url", "feed_url", "items"):
        if name not in feed:
            yield f"json: no {name}"
    for item in feed.get("items", []):
        if not isinstance(item.get("id"), str) or not ("content_html" in item or "content_text" in item):
            yield f"json: an item without id or content: {item.get('id')!r}"
        for name in ("date_published", "date_modified"):
            if name in item and not RFC3339.fullmatch(item[name]):
                yield f"json: {name} {item[name]!r}"


def check_addresses(name, content):
    """A reader shows the entry far from the page: every address must be whole."""
    for attribute, address in re.findall(r"""\b(href|src)=["']([^"']*)["']""", content):
        if not re.match(r"(https?:|mailto:|#)", address):
            yield f"{name}: {attribute}={address!r} is relative"
    if re.search(r"<script|\bon[a-z]+=|javascript:", content, re.IGNORECASE):
        yield f"{name}: a script"


class Document:
    """One document of a feed in one of the formats: its entries and where it says others are."""

    def __init__(self, path):
        self.path = path
        if path.suffix == ".json":
            feed = json.loads(path.read_text(encoding="utf-8"))
            self.ids = [item["id"] for item in feed["items"]]
            self.links = {"self": feed["feed_url"]}
            if "next_url" in feed:
                self.links["prev-archive"] = feed["next_url"]
            self.hubs = {hub["url"] for hub in feed.get("hubs", [])}
            self.archive = self.complete = None
            return
        root = tree.parse(path).getroot()
        links = root.findall(ATOM + "link") + root.findall("channel/" + ATOM + "link")
        self.links = {link.get("rel"): link.get("href") for link in links}
        self.hubs = {link.get("href") for link in links if link.get("rel") == "hub"}
        self.archive = next(root.iter(HISTORY + "archive"), None) is not None
        self.complete = next(root.iter(HISTORY + "complete"), None) is not None
        entries = [element.text for element in root.iter("guid")]
        self.ids = entries or [entry.findtext(ATOM + "id") for entry in root.iter(ATOM + "entry")]


def check_archives(public, path, base):
    """RFC 5005 4: following prev-archive from the feed meets every entry; all links lead back."""
    name = path.relative_to(public)
    first = Document(path)
    seen, documents = set(first.ids), [first]
    if first.archive:
        yield f"{name}: the subscribers' document says that it is an archive"
    if first.links["self"] != base + str(name):
        yield f"{name}: calls itself {first.links['self']}"
    while previous := documents[-1].links.get("prev-archive"):
        target = public / previous.removeprefix(base)
        if not previous.startswith(base) or not target.is_file():
            yield f"{name}: {previous} is not there"
            return
        document = Document(target)
        if document.links["self"] != previous:
            yield f"{previous}: calls itself {document.links['self']}"
        if document.archive is not None:
            if not document.archive or document.complete:
                yield f"{previous}: does not say that it is an archive"
            if document.links.get("current") != first.links["self"]:
                yield f"{previous}: belongs to {document.links.get('current')}"
            newer = documents[-1].links["self"] if len(documents) > 1 else None
            if document.links.get("next-archive") != newer:
                yield f"{previous}: leads on to {document.links.get('next-archive')}, not to {newer}"
        if document.hubs:
            yield f"{previous}: an archive that never changes has a hub"
        documents.append(document)
        seen |= set(document.ids)
    if first.complete and len(documents) > 1:
        yield f"{name}: complete, and with archives"
    pages = len(list((public / "issues").glob("*/index.html")))
    redirects = sum("http-equiv" in page.read_text(encoding="utf-8") for page in (public / "issues").glob("*/index.html"))
    if len(seen) != pages - redirects:
        yield f"{name}: leads to {len(seen)} issues of {pages - redirects}"


def check_tags(public):
    """The feeds of a tag hold the issues of its page, and agree with each other."""
    for page in sorted(public.glob("tags/*/index.html")):
        folder = page.parent
        ids = {name: Document(folder / name).ids for name in ("feed.xml", "atom.xml", "feed.json")}
        if not ids["feed.xml"] or any(other != ids["feed.xml"] for other in ids.values()):
            yield f"{folder.name}: the feeds of the tag differ or are empty"


def main():
    public = pathlib.Path(sys.argv[1])
    files = {name: public / name for name in ("feed.xml", "atom.xml", "feed.json")}
    faults = []
    atom, rss = tree.parse(files["atom.xml"]).getroot(), tree.parse(files["feed.xml"]).getroot()
    as_json = json.loads(files["feed.json"].read_text(encoding="utf-8"))
    faults += check_atom(atom)
    faults += check_rss(rss)
    faults += check_json(as_json)

    said = {"feed.json": [(item["id"], item["title"]) for item in as_json["items"]]}
    for name in ("feed.xml", "atom.xml"):
        read = feedparser.parse(files[name].read_bytes())
        if read.bozo:
            faults.append(f"{name}: feedparser says {read.bozo_exception!r}")
        said[name] = [(entry.get("id"), entry.get("title")) for entry in read.entries]
        for entry in read.entries:
            if not entry.get("author"):
                faults.append(f"{name}: {entry.get('id')}: a reader shows no author")
            # feedparser cleans what it returns; the file says what was written.
    for name, pattern in (("feed.xml", "{http://purl.org/rss/1.0/modules/content/}encoded"), ("atom.xml", ATOM + "content")):
        for content in tree.parse(files[name]).getroot().iter(pattern):
            faults += check_addresses(name, content.text or "")
    for item in as_json["items"]:
        faults += check_addresses("feed.json", item.get("content_html", ""))

    if not said["feed.json"]:
        faults.append("no entries")
    for name in ("feed.xml", "atom.xml"):
        if said[name] != said["feed.json"]:
            faults.append(f"{name} has {said[name]}, feed.json has {said['feed.json']}")
    for ids in said.values():
        if len(ids) != len({identity for identity, _ in ids}):
            faults.append("an id stands twice")
    base = as_json["home_page_url"]
    for path in files.values():
        faults += check_archives(public, path, base)
    faults += check_tags(public)
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"{len(said['feed.json'])} entries in each of three feeds, {len(faults)} faults")
    sys.exit(bool(faults))


main()
