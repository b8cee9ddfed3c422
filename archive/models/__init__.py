"""The tables. docs/database.md says what each column holds; the views that tools read are in `archive.views`."""

from archive.models.articles import Article, ArticleUrl, Change, Edition, MetadataChange
from archive.models.base import Base, Digest, Json, UtcTime
from archive.models.catalogue import Source
from archive.models.collecting import Capture, Crawl, Frontier
from archive.models.readings import CaptureReading, Cleaner, Content, Promotion, Reading

__all__ = [
    "Article",
    "ArticleUrl",
    "Base",
    "Capture",
    "CaptureReading",
    "Change",
    "Cleaner",
    "Content",
    "Crawl",
    "Digest",
    "Edition",
    "Frontier",
    "Json",
    "MetadataChange",
    "Promotion",
    "Reading",
    "Source",
    "UtcTime",
]
