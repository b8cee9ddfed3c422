"""What the commands that write need: the store, and the installed cleaner over catalogue and layouts."""

from archive.database import connect, require_current
from archive.journal import Journal
from archive.store import Store
from crawler.cli.front import Front
from crawler.sources import Catalogue
from pipelines.cleaner import Cleaner
from pipelines.layouts import Layouts


def open_store(front: Front, found: Catalogue, layouts: Layouts) -> tuple[Store, Cleaner]:
    """The store on the database, checked, and the cleaner. Raises SchemaError, saying what to do."""
    cleaner = Cleaner(layouts, found.contexts)
    engine = connect(front.database_url)
    require_current(engine)
    return Store(engine, Journal(front.home.journal), front.clock, cleaner.manifest_of), cleaner
