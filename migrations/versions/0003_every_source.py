"""Every source, and crawls that come back: units and hosts, when to come back, attachments, rescues, the ledger.

Revision: 0003, after 0002. Once released, a migration is never changed.
"""

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what the catalogue, coming back, attachments, rescues and the ledger need."""
    _catalogue()
    _coming_back()
    _manners()
    _attachments()
    _rescue()
    _ledger()


def downgrade() -> None:
    """Take it away again, the last first."""
    _without_ledger()
    _without_rescue()
    _without_attachments()
    _without_manners()
    _without_coming_back()
    _without_catalogue()


def _catalogue() -> None:
    """Units, and the hosts of sources with their days."""


def _without_catalogue() -> None:
    pass


def _coming_back() -> None:
    """What the frontier knows of when to come back to an address."""


def _without_coming_back() -> None:
    pass


def _manners() -> None:
    """What is remembered of hosts."""


def _without_manners() -> None:
    pass


def _attachments() -> None:
    """Files and pictures behind articles."""


def _without_attachments() -> None:
    pass


def _rescue() -> None:
    """What web archives hold of a source, and what of it is here."""


def _without_rescue() -> None:
    pass


def _ledger() -> None:
    """The coverage ledger's views."""


def _without_ledger() -> None:
    pass
