"""Cleaning: from one frozen input to one reading, in two stages.

A pure function: no clock, network, settings or memory of other pages. It runs in worker processes, in reclean and in
rebuild alike. `pipelines.extraction` needs the page, `pipelines.scrub` only what that leaves.
"""

from lxml.etree import _Element

from archive.records import Reading
from pipelines.blocks import Extraction
from pipelines.extraction import extract
from pipelines.layouts import GENERIC, Layout
from pipelines.noise import Rules
from pipelines.scrub import scrub


def clean(
    tree: _Element, base: str, layout: Layout, rules: Rules, input_digest: str, cleaner_digest: str
) -> tuple[Reading, Extraction]:
    """The reading of a page (as `parse` gives it, left as it was) under ``layout`` and the ``rules`` that hold; and
    what it was made of. ``base`` is what relative addresses on the page start from.

    A page without the layout's marks is not read: the reading says so.
    """
    if layout.id != GENERIC and not layout.marked(tree):
        extraction = Extraction(layout.id, warnings=("layout-not-recognised",))
    else:
        extraction = extract(tree, layout, rules, base)
    return scrub(extraction, layout, rules, input_digest, cleaner_digest), extraction
