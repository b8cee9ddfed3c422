"""A source file drafted from a probe: what was seen stands in it, and what is a guess says so."""

import json
from datetime import date
from urllib.parse import urlsplit

from crawler.probe import Probe
from crawler.sourcefile import Source
from pipelines.addresses import host_of


def draft(probe: Probe, source: Source, day: date, *, guessed_level: bool) -> str:
    """The file's text, ready to save; `bantin sources check` takes it as it is."""
    article = probe.article
    complete = article is not None and article.complete and not probe.problems
    feeds = tuple(url for url in probe.feeds if host_of(url) == host_of(probe.start))
    sitemaps = tuple(url for url in probe.robots.sitemaps if host_of(url) == host_of(probe.start))
    layout = f"# {probe.found[probe.layout]} links to articles on the start page" if probe.layout in probe.found else ""
    lines = [
        f"# Drafted from a probe of {probe.url} on {day}.",
        *(f"# Needs a look: {_bare(problem)}" for problem in probe.problems),
        "",
        "[[source]]",
        f"id = {_quoted(source.id)}     # stable: part of every article's key",
        f"name = {_quoted(source.name)}" + ("     # the page's title" if source.name == probe.title else ""),
        f"level = {_quoted(source.level)}" + ("     # a guess by the address" if guessed_level else ""),
        f"layout = {_quoted(probe.layout)}     {layout or '# nothing told which one'}",
        f"start = [{_quoted(probe.start)}]     # add the lists that matter; a home page shows the newest only",
        *([f"feeds = [{', '.join(map(_quoted, feeds))}]     # announced by the page"] if feeds else []),
        *([f"sitemaps = [{', '.join(map(_quoted, sitemaps))}]     # named in robots.txt"] if sitemaps else []),
        *(["allow_private = true"] if source.allow_private else []),
        f"verified = {'true' if complete else 'false'}",
        f"evidence = {_quoted(_evidence(probe, day, complete))}",
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def level_of(url: str) -> str:
    """What the address suggests: a school, a ward's portal (of city and districts none is new), else the press."""
    host = urlsplit(url).hostname or ""
    if host.endswith(".edu.vn"):
        return "school"
    return "ward" if host.endswith(".hanoi.gov.vn") else "press"


def _evidence(probe: Probe, day: date, complete: bool) -> str:
    found = f"probed {day}: {len(probe.links)} links to articles"
    if complete and probe.article is not None:
        return f"{found}, article {probe.article.url} read with title, date and body"
    return f"{found}; " + ("; ".join(map(_bare, probe.problems)) or "no article was read")


def _bare(text: str) -> str:
    return " ".join(text.split())


def _quoted(text: str) -> str:
    # JSON's strings are TOML's, but that TOML wants DEL escaped too.
    return json.dumps(_bare(text), ensure_ascii=False).replace("\x7f", "\\u007F")
