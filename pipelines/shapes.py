"""Where a line stands in a table, a list or a heading: kept while the walk goes over the page.

Only the innermost of them counts; but a table's cell, which has its place in a row, keeps lists and headings in it.
"""

from lxml.etree import _Element

from pipelines.blocks import Shape

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
CELLS = frozenset({"td", "th"})
SHAPED = HEADINGS | CELLS | {"tr", "li"}


class Shapes:
    """The shape that holds ``now``; told of each element of ``SHAPED`` that begins or ends."""

    def __init__(self) -> None:
        self.now: Shape | None = None
        self._around: list[Shape | None] = []
        self._rows: list[list[int]] = []  # number, cells so far, cells
        self._count = 0

    def enter(self, node: _Element) -> None:
        """An element begins."""
        self._around.append(self.now)
        self._count += 1
        if node.tag == "tr":
            self._rows.append([self._count, 0, sum(child.tag in CELLS for child in node)])
        elif node.tag in CELLS and self._rows and node.getparent().tag == "tr":
            row, cell, cells = self._rows[-1]
            self._rows[-1][1] += 1
            if cells > 1:
                self.now = ("cell", row, cell, cells)
        elif self.now is None or self.now[0] != "cell":
            self.now = ("item" if node.tag == "li" else "heading", self._count)

    def leave(self, node: _Element) -> None:
        """An element ends."""
        self.now = self._around.pop()
        if node.tag == "tr":
            self._rows.pop()
