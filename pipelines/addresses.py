"""Addresses: what to fetch, and the key under which an address is known.

The *URL key* leaves out what does not name a page: scheme, default port, fragment, session ids, parameter order.
"""

import re
from urllib.parse import urljoin, urlsplit, urlunsplit

from w3lib.url import canonicalize_url

_SESSION = re.compile(r";jsessionid=[^/?#]*", re.I)
_SESSION_QUERY = re.compile(r"(?:^|&)(?:jsessionid|phpsessid)=[^&]*", re.I)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def absolute(base: str, href: str) -> str | None:
    """The http(s) address that ``href`` names on the page at ``base``, without session id and fragment, or None."""
    try:
        parts = urlsplit(urljoin(base, href.strip()))
        if parts.scheme not in ("http", "https") or not parts.hostname:
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


def url_key(url: str) -> str:
    """The key of an address, e.g. ``caugiay.hanoi.gov.vn/tin-tuc?p=2``; stable under what does not name a page."""
    parts = urlsplit(url)
    query = _SESSION_QUERY.sub("", parts.query).lstrip("&")
    plain = urlunsplit((parts.scheme, parts.netloc, _SESSION.sub("", parts.path) or "/", query, ""))
    canonical = urlsplit(canonicalize_url(plain))
    tail = canonical.path or "/"
    return host_of(plain) + tail + (f"?{canonical.query}" if canonical.query else "")
