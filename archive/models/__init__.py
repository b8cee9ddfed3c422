"""The tables. docs/database.md says what each column holds; the views that tools read are in `archive.views`."""

from archive.models.articles import Article, ArticleUrl, Change, Edition, MetadataChange
from archive.models.attachments import File, ReadingAttachment
from archive.models.base import Base, Digest, Json, UtcTime
from archive.models.catalogue import Source, SourceHost, SourceLayout, Unit, UnitSuccessor
from archive.models.collecting import Capture, Crawl, Frontier
from archive.models.hosts import Host
from archive.models.readings import (
    CaptureReading,
    Cleaner,
    Content,
    CorrectedReading,
    Correction,
    Extraction,
    Promotion,
    Reading,
)
from archive.models.rescue import Rescue, RescueListing

__all__ = [
    "Article",
    "ArticleUrl",
    "Base",
    "Capture",
    "CaptureReading",
    "Change",
    "Cleaner",
    "Content",
    "CorrectedReading",
    "Correction",
    "Crawl",
    "Digest",
    "Edition",
    "Extraction",
    "File",
    "Frontier",
    "Host",
    "Json",
    "MetadataChange",
    "Promotion",
    "Reading",
    "ReadingAttachment",
    "Rescue",
    "RescueListing",
    "Source",
    "SourceHost",
    "SourceLayout",
    "Unit",
    "UnitSuccessor",
    "UtcTime",
]
