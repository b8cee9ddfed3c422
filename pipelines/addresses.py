"""Addresses: what to fetch, and the key under which an address is known.

The *URL key* leaves out what does not name a page: scheme, default port, fragment, session ids, parameter order.
"""

import re
from hashlib import sha256
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from w3lib.url import canonicalize_url

_SESSION = re.compile(r";jsessionid=[^/?#]*", re.I)
_SESSION_QUERY = re.compile(r"(?:^|&)(?:jsessionid|phpsessid)=[^&]*", re.I)
# Spaces and control characters have no place in an address, nor have halves of characters: others' records hold them.
_UNSOUND = re.compile("[\x00-\x20\x7f\ud800-\udfff]")
MAX_KEY = 2000  # bytes; an index of PostgreSQL takes no more than 2,704
_DEFAULT_PORTS = {"http": 80, "https": 443}


def absolute(base: str, href: str) -> str | None:
    """The http(s) address that ``href`` names on the page at ``base``, without session id and fragment, or None."""
    try:
        parts = urlsplit(urljoin(base, href.strip()))
        if parts.scheme not in ("http", "https") or not parts.hostname or _UNSOUND.search(parts.netloc):
            return None
        _ = parts.port
    except ValueError:
        return None
    return urlunsplit((parts.scheme, parts.netloc, _SESSION.sub("", parts.path) or "/", parts.query, ""))


def host_of(url: str) -> str:
    """Host in lower case, with the port where it is not the scheme's own: ``127.0.0.1:8765``."""
    parts = urlsplit(url)
    port = parts.port
    host = (parts.hostname or "").lower()
    return host if port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f"{host}:{port}"


def sound(url: str) -> str:
    """The address with what cannot stand in one percent-encoded."""
    return _UNSOUND.sub(lambda found: quote(found[0], errors="surrogatepass"), url)


def capped(key: str, most: int = MAX_KEY) -> str:
    """``key``; of one that is longer than ``most`` bytes the beginning, and a digest of the whole."""
    data = key.encode()
    if len(data) <= most:
        return key
    digest = sha256(data).hexdigest()[:32]
    return f"{data[: most - len(digest) - 1].decode(errors='ignore')}~{digest}"


def url_key(url: str) -> str:
    """The key of an address, e.g. ``caugiay.hanoi.gov.vn/tin-tuc?p=2``; stable under what does not name a page."""
    parts = urlsplit(sound(url))
    query = _SESSION_QUERY.sub("", parts.query).lstrip("&")
    plain = urlunsplit((parts.scheme, parts.netloc, _SESSION.sub("", parts.path) or "/", query, ""))
    canonical = urlsplit(canonicalize_url(plain))
    tail = canonical.path or "/"
    return capped(host_of(plain) + tail + (f"?{canonical.query}" if canonical.query else ""))
