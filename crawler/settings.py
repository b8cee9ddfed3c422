"""Scrapy's settings. Every value that is not Scrapy's default says why; what is ours begins with BANTIN_."""

import os

BOT_NAME = "bantin"
SPIDER_MODULES = ["crawler.spiders"]
NEWSPIDER_MODULE = "crawler.spiders"

# Who we are and whom to write to. Used by every request.
BANTIN_CONTACT = os.environ.get("BANTIN_CONTACT", "the operator of this crawl has set no BANTIN_CONTACT")
USER_AGENT = f"bantin/0.1 (archive of public Party news pages; contact: {BANTIN_CONTACT})"

# Politeness: robots.txt is obeyed. Each host's pace is kept by crawler.gate, which knows Crawl-delay and Retry-After:
# Scrapy's own delay is off. Requests wait in crawler.hostqueue, a host has one under way; a number for all hosts
# together (0: none) would make them wait for each other.
ROBOTSTXT_OBEY = True
DOWNLOAD_DELAY = 0
CONCURRENT_REQUESTS = 0
CONCURRENT_REQUESTS_PER_DOMAIN = 8
SCHEDULER_PRIORITY_QUEUE = "crawler.hostqueue.HostQueue"
# Of one priority, what was found first is asked for first: lists name the newest article first.
SCHEDULER_MEMORY_QUEUE = "scrapy.squeues.FifoMemoryQueue"
# Used by crawler.manners: seconds between requests to a host that no source names; sources say their own.
BANTIN_DELAY = 1.0
# RFC 9309 follows five redirects of a robots.txt; nothing else is redirected.
REDIRECT_MAX_TIMES = 5
# Scrapy starts this many tasks for the output of every page; ours is a handful of requests.
CONCURRENT_ITEMS = 1
DOWNLOAD_TIMEOUT = 60
DOWNLOAD_MAXSIZE = 32 * 2**20
DOWNLOAD_FAIL_ON_DATALOSS = True
RETRY_TIMES = 2
# Every attempt is a capture with its reason; a line in the log for each would bury the rest.
RETRY_GIVE_UP_LOG_LEVEL = "INFO"

# What we archive we must be able to decode: brotli and zstd are not asked for.
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.5",
    "Accept-Language": "vi,en;q=0.5",
    "Accept-Encoding": "gzip, deflate",
}

# Sites answer differently to a session: every page is asked for as a stranger would.
COOKIES_ENABLED = False
# A redirect is a capture of its own, and its target an address like any other: the spider's requests say dont_redirect.
# Scrapy follows it for robots.txt alone, which often moves with the site from http to https.
REDIRECT_ENABLED = True
METAREFRESH_ENABLED = False
# Both open a port that runs code.
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False

# The frontier knows what was asked for; a second memory of it would only keep what we want again.
DUPEFILTER_CLASS = "scrapy.dupefilters.BaseDupeFilter"
# Below HttpCompression (590): it sees bodies as they came.
DOWNLOADER_MIDDLEWARES = {
    "crawler.guard.PrivateAddressMiddleware": 90,
    "crawler.robots.RobotsMiddleware": 100,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "crawler.middlewares.CaptureMiddleware": 950,
    "crawler.gate.GateMiddleware": 960,
}
# Only these two schemes: a link or a redirect to file:, ftp:, data: or s3: has no handler.
DOWNLOAD_HANDLERS = {
    "http": "crawler.handler.Handler",
    "https": "crawler.handler.Handler",
    "data": None,
    "file": None,
    "ftp": None,
    "s3": None,
}
# Bodies are decoded by the workers, within bounds; the event loop decodes none but robots.txt.
COMPRESSION_ENABLED = False
EXTENSIONS = {"crawler.progress.Progress": 500}
TWISTED_DNS_RESOLVER = "crawler.guard.GuardedResolver"
TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"

LOG_LEVEL = "INFO"
LOG_VERSIONS: list[str] = []
LOGSTATS_INTERVAL = 0
STATS_DUMP = False

# Used by crawler.collection: where data lies, which catalogue and layouts, which clock.
BANTIN_HOME = os.environ.get("BANTIN_HOME", "data")
BANTIN_DATABASE_URL = os.environ.get("BANTIN_DATABASE_URL", "")
BANTIN_SOURCES = os.environ.get("BANTIN_SOURCES", "")
BANTIN_LAYOUTS = os.environ.get("BANTIN_LAYOUTS", "")
BANTIN_NOW = ""
# Used by crawler.collection: worker processes for cleaning; 0 is one a core less one.
BANTIN_WORKERS = 0
# Used by crawler.collection: seconds of processor time and MiB of memory that one page may take; pipelines.worker.
BANTIN_PAGE_SECONDS = float(os.environ.get("BANTIN_PAGE_SECONDS", "60"))
BANTIN_PAGE_MEMORY = int(os.environ.get("BANTIN_PAGE_MEMORY", "1024"))
# Used by archive.segments: a WARC file is closed once it is larger than this many bytes.
BANTIN_SEGMENT_BYTES = 10**9
