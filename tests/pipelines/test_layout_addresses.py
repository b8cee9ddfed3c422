"""The addresses that the shipped layouts know: articles by the sites' own ids, further list pages by their number."""

import re

import pytest

from pipelines.layouts import Layout, Layouts

PAGES = [
    ("hanoi-liferay", "https://xa.vn/tin?p_p_id=101&_101_cur=7&_101_delta=10", "7"),
    ("img-editor", "https://xa.vn/tin/chinh-tri/p/3", "3"),
    ("img-editor", "https://xa.vn/noidung/tintuc/Lists/Thoisu/View.aspx?Page=12", "12"),
    ("vccorp", "https://xa.vn/timeline/90512/trang-2.htm", "2"),
    ("vccorp", "https://xa.vn/timelinelist/200029/3.htm", "3"),
    ("vccorp", "https://xa.vn/thoi-su/trang-4.htm", "4"),
    ("thanhuyhanoi", "https://xa.vn/tin-tuc/xa-hat-mon?page=2", "2"),
    ("thanhuyhanoi", "https://xa.vn/tin-tuc/xa-hat-mon/trang-3.html", "3"),
    ("onecms", "https://xa.vn/chinh-tri/trang-9", "9"),
    ("nhandan", "https://xa.vn/xay-dung-dang/?page=2", "2"),
    ("nhandan", "https://xa.vn/xay-dung-dang/trang2.html", "2"),
    ("kinhtedothi", "https://xa.vn/chinh-tri?page=5", "5"),
    ("kinhtedothi", "https://xa.vn/chinh-tri/page/6", "6"),
    ("tuyengiao", "https://xa.vn/thoi-su?page=2", "2"),
    ("vnexpress", "https://xa.vn/thoi-su-p2", "2"),
    ("vnexpress", "https://xa.vn/thoi-su/p3", "3"),
    ("generic", "https://xa.vn/tin?page=2", "2"),
    ("generic", "https://xa.vn/tin?id=4&Page=2", "2"),
    ("generic", "https://xa.vn/tin?p=12", "12"),
    ("generic", "https://xa.vn/tin/page/2/", "2"),
    ("generic", "https://xa.vn/tin/trang-3.html", "3"),
    ("generic", "https://xa.vn/tin-trang-4.html", "4"),
    ("generic", "https://xa.vn/tin-p5.html", "5"),
    ("generic", "https://xa.vn/tin/p/6", "6"),
]


def number_of(layout: Layout, url: str) -> str | None:
    found = (re.search(pattern, url) for pattern in layout.lists.address)
    return next((match["page"] for match in found if match), None)


@pytest.mark.parametrize(("layout", "url", "number"), PAGES)
def test_a_further_list_page_has_its_number_in_its_address(
    layout: str, url: str, number: str, layouts: Layouts
) -> None:
    assert number_of(layouts[layout], url) == number
    assert layouts[layout].article_id(url) is None


def test_every_form_of_a_list_pages_address_is_tried_and_has_the_pages_number(layouts: Layouts) -> None:
    forms = {(layout.id, form) for layout in layouts.by_id.values() for form in layout.lists.address}
    tried = {(name, form) for name, url, _ in PAGES for form in layouts[name].lists.address if re.search(form, url)}
    assert forms == tried
    assert all("page" in re.compile(form).groupindex for _, form in forms)


@pytest.mark.parametrize(
    ("layout", "url"),
    [
        ("generic", "https://xa.vn/?p=412"),                       # WordPress: an article
        ("generic", "https://xa.vn/tin/hoi-khoe"),
        ("generic", "https://xa.vn/tin/phong-trao-phan-1-p1.html"),
        ("generic", "https://xa.vn/tin/van-kien-trang-bia"),
        ("generic", "https://xa.vn/tin?page=gioi-thieu"),
        ("vccorp", "https://xa.vn/tin/dai-hoi-2805251012110827967.htm"),
        ("vnexpress", "https://xa.vn/doi-hinh-p2-4918220.html"),
        ("tuyengiao", "https://xa.vn/thoi-su/hop-bao-113402"),
    ],
)  # fmt: skip
def test_an_article_is_no_list_page(layout: str, url: str, layouts: Layouts) -> None:
    assert number_of(layouts[layout], url) is None


@pytest.mark.parametrize(
    ("layout", "url", "key"),
    [
        ("vccorp", "https://xa.vn/kinh-te/gap-mat-2805251012110827967.htm", "2805251012110827967"),
        ("vccorp", "https://xa.vn/kinh-te.htm", None),
        ("thanhuyhanoi", "https://xa.vn/tin-tuc/huyen-gia-lam/hoan-tat-sap-xep-50018267.html", "50018267"),
        ("thanhuyhanoi", "https://xa.vn/tin-tuc/xa-hat-mon", None),
        ("onecms", "https://xa.vn/mang-luoi-duong-sat-703441.html", "703441"),
        ("onecms", "https://xa.vn/dai-hoi-dang-bo-event703.html", None),
        ("nhandan", "https://xa.vn/ung-dung-khoa-hoc-post422086.html", "422086"),
        ("nhandan", "https://xa.vn/chi-bo-tag1021.html", None),
        ("kinhtedothi", "https://xa.vn/gia-ca-phe.692315.html", "692315"),
        ("kinhtedothi", "https://xa.vn/gia-ca-phe-hom-nay-24-2-2025.html", ""),
        ("kinhtedothi", "https://xa.vn/doanh-nghiep/khoi-nghiep", None),
        ("tuyengiao", "https://xa.vn/bao-ve-nen-tang/tu-do-internet-113371", "113371"),
        ("tuyengiao", "https://xa.vn/chuyen-de/tong-ket-2018", None),
        ("vnexpress", "https://xa.vn/gan-100-canh-sat-4094652.html", "4094652"),
        ("img-editor", "https://xa.vn/cuoi-tuan/ao-dai-656360", "656360"),
        ("img-editor", "https://xa.vn/kiem-sat-24h/tai-nan-111669.html", "111669"),
        ("img-editor", "https://xa.vn/cpv/Modules/News/NewsDetail.aspx?co_id=30473&cn_id=76779", "76779"),
        ("img-editor", "https://xa.vn/noidung/tintuc/Lists/Thoisu/View_Detail.aspx?ItemID=119", ""),
    ],
)
def test_the_shipped_layouts_know_their_articles_by_the_sites_own_ids(
    layout: str, url: str, key: str | None, layouts: Layouts
) -> None:
    assert layouts[layout].article_id(url) == key
