"""A school's site, of which nobody knows how it is built: the generic layout finds lists, their pages and the feed."""

from pathlib import Path

from tests.e2e.crawls import Crawl, source
from tests.rawserver import RawServer, page, send

WORDS = (
    "Chi bộ trường tổ chức sinh hoạt chuyên đề về học tập và làm theo tấm gương đạo đức Hồ Chí Minh, có toàn thể đảng"
    " viên và các đồng chí trong Ban Giám hiệu tham dự.",
    "Các đồng chí đảng viên thảo luận về những việc làm cụ thể trong năm học mới, và thống nhất giao cho từng tổ chuyên"
    " môn một nội dung để báo cáo vào cuối học kỳ.",
)
TITLES = {"/chuyen-de": "Sinh hoạt chuyên đề quý ba", "/ket-nap": "Lễ kết nạp đảng viên mới", "/tin-rieng": "Tin ngắn"}


def article(path: str) -> str:
    text = "".join(f"<p>{words} ({path.strip('/')})</p>" for words in WORDS)
    return (
        f"<html><head><title>{TITLES[path]}</title></head><body><h1>{TITLES[path]}</h1>"
        f"<p>Ngày đăng: 12/09/2024 08:30</p><article>{text}</article></body></html>"
    )


def listing(*paths: str, further: str = "") -> str:
    entries = "".join(f'<h3><a href="{path}">{TITLES[path]}</a></h3>' for path in paths)
    return f"<html><body><h1>Tin tức</h1>{entries}<div class='pagination'>{further}</div></body></html>"


def test_a_site_of_no_known_layout_is_collected_from_lists_their_pages_and_the_feed(tmp_path: Path) -> None:
    feed = "<rss version='2.0'><channel><item><title>Tin</title><link>{}/tin-rieng</link></item></channel></rss>"
    with RawServer({}) as server:
        data = feed.format(server.url).encode()
        head = f"HTTP/1.1 200 OK\nContent-Type: application/rss+xml\nContent-Length: {len(data)}\nConnection: close"
        server.answers |= {path: page(article(path)) for path in TITLES} | {
            "/tin-tuc": page(listing("/chuyen-de", further='<a href="/tin-tuc?page=2">2</a>')),
            "/tin-tuc?page=2": page(listing("/ket-nap")),
            "/rss.xml": send(head, data),
        }
        crawl = Crawl.of(tmp_path, source(server.url, "/tin-tuc", more=f'feeds = ["{server.url}/rss.xml"]'))
        crawl.run("collect")
    rows = {row["title"]: row for row in crawl.rows()}
    assert set(rows) == set(TITLES.values())
    assert all(WORDS[0] in row["body"] and WORDS[1] in row["body"] for row in rows.values())
    kinds = dict(crawl.sql("SELECT kind, count(*) FROM v_capture GROUP BY kind"))
    assert (kinds["list"], kinds["feed"], kinds["article"]) == (2, 1, 3)
