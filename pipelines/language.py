"""The language of a text: what its page declares, unless the letters plainly say otherwise.

The portals of Hanoi serve Vietnamese news under an English frame that declares `en-US`, and the other way round.
"""

import re

# Letters that Vietnamese alone has; about one in eight of its characters is one.
_OWN = re.compile("[ĂăĐđƠơƯưẠ-ỹ]")
SAMPLE = 3000  # characters that are looked at
ENOUGH = 200  # characters that must be there to say that a text is not Vietnamese
VIETNAMESE, NOT_VIETNAMESE = 0.04, 0.003  # from which, and up to which share of such letters it is certain


def language_of(text: str, declared: str | None, usual: str | None) -> str | None:
    """The language's code: ``vi`` where the letters show it, else that of ``declared`` (as in ``lang``), else
    ``usual``, the layout's. None where what would be said is Vietnamese and the text plainly is not."""
    text = text[:SAMPLE]
    share = len(_OWN.findall(text)) / (len(text) or 1)
    if share >= VIETNAMESE:
        return "vi"
    if usual == "vi" and (share > NOT_VIETNAMESE or len(text) < ENOUGH):
        return usual
    code = _code(declared) or usual
    return None if code == "vi" and share <= NOT_VIETNAMESE and len(text) >= ENOUGH else code


def _code(declared: str | None) -> str | None:
    """``vi`` of ``vi-VN``; None for what is no language code."""
    code = re.split("[-_]", (declared or "").strip(), maxsplit=1)[0].lower()
    return code if re.fullmatch("[a-z]{2,3}", code) else None
