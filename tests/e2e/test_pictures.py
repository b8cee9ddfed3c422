"""An article without words: its pictures are captured with it, and whoever reads it is told so."""

from pathlib import Path

from tests.e2e.crawls import Crawl, source
from tests.rawserver import NOT_FOUND, RawServer, page, send

PAGES = Path(__file__).parents[1] / "pages" / "hanoi-liferay"
LETTER = "/hoat-ong-ang/-/view_content/5100321-thu-keu-goi.html"
ENTRY = f'<div class="asset-abstract"><h3 class="asset-title"><a href="{LETTER}">Thư</a></h3></div>'
PICTURES = {
    "/documents/10180/0/thu-1.jpg?t=1743660000000": b"\xff\xd8\xff\xe0" + b"1" * 60 + b"\xff\xd9",
    "/documents/10180/0/thu-2.png": b"\x89PNG\r\n\x1a\n" + b"2" * 60 + b"\x00\x00\x00\x00IEND\xaeB`\x82",
}


def test_the_pictures_of_an_article_without_words_are_captured_and_show_says_so(tmp_path: Path) -> None:
    letter = (PAGES / "scanned-letter" / "page.html").read_text("utf-8").replace("Toàn văn thư kêu gọi:", "")
    files = {
        path: send(f"HTTP/1.1 200 OK\nContent-Type: image/jpeg\nContent-Length: {len(body)}\nConnection: close", body)
        for path, body in PICTURES.items()
    }
    answers = {
        "/hoat-ong-ang": page(f"<html><body>{ENTRY}</body></html>"),
        LETTER: page(letter),
        "/robots.txt": NOT_FOUND,
        **files,
    }
    with RawServer(answers) as server:
        entry = source(server.url, "/hoat-ong-ang").replace('"generic"', '"hanoi-liferay"')
        crawl = Crawl.of(tmp_path, entry)
        crawl.run("collect")
    asked = {path for _, path in server.log}
    assert asked > {*PICTURES}
    assert not [path for path in asked if "spacer" in path or "dot.gif" in path], "what belongs to the layout is left"

    (row,) = crawl.rows()
    assert (row["body"], row["warnings"]) == ("", ["no-words"])
    assert [one["kind"] for one in row["attachments"]] == ["image"] * 4
    assert [one["bytes"] for one in row["attachments"]][:2] == [len(body) for body in PICTURES.values()]
    assert [one["outcome"] for one in row["attachments"]][2:] == ["gone", "gone"]
    assert "no words: the text is in pictures (2 of 4 captured)" in crawl.run("show", row["article_key"]).stdout
