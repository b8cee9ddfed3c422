"""Killing a collect again and again: what must hold after every kill, and at the end."""

import random
import shutil
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

from tests.bantin import Bantin
from tests.portal import ARTICLES, Portal


def survive(folder: Path, kills: int, seed: int) -> None:
    """Collect the portal, with SIGKILL at ``kills`` random moments, and check all that the design promises."""
    moments = random.Random(seed)
    with Portal() as portal:
        bantin = Bantin(folder / "home", portal.catalogue(folder, expect=ARTICLES))
        bantin.init()
        done = rounds = 0
        while done < kills:
            done += _killed(bantin, portal, moments.uniform(1.0, 5.0))
            if "finished" in bantin.column("SELECT outcome FROM crawl"):
                # It had come to its end: look at what it left, then begin anew to have something to kill.
                _all_is_there(bantin, folder / f"copy-{rounds}")
                rounds += 1
                shutil.rmtree(bantin.home)
                bantin.init()
        asked_before, acknowledged = len(portal.log), _acknowledged(bantin)
        bantin.run("collect")
        _nothing_asked_twice(portal, asked_before, acknowledged)
        _all_is_there(bantin, folder / "copy")


def _killed(bantin: Bantin, portal: Portal, seconds: float) -> bool:
    asked_before, acknowledged = len(portal.log), _acknowledged(bantin)
    process = bantin.start("collect")
    try:
        process.wait(timeout=seconds)
        return False
    except subprocess.TimeoutExpired:
        process.kill()
        return True
    finally:
        process.communicate()
        time.sleep(1.5)  # worker processes notice within a second that their parent is gone
        _nothing_asked_twice(portal, asked_before, acknowledged)


def _acknowledged(bantin: Bantin) -> set[str]:
    urls = bantin.column("SELECT url FROM capture WHERE kind IN ('article', 'list')")
    return {urlsplit(url)._replace(scheme="", netloc="").geturl() for url in urls}


def _nothing_asked_twice(portal: Portal, before: int, acknowledged: set[str]) -> None:
    again = {entry["path"] for entry in portal.log[before:]} & acknowledged
    assert not again, f"{len(again)} acknowledged pages were fetched again: {sorted(again)[:3]}"


def _all_is_there(bantin: Bantin, folder: Path) -> None:
    assert bantin.column("SELECT count(*) FROM v_article") == [ARTICLES]
    assert bantin.column("SELECT count(*) FROM edition WHERE withdrawn_at IS NULL") == [ARTICLES]
    assert bantin.column("SELECT article_key FROM article GROUP BY article_key HAVING count(*) > 1") == []
    bantin.run("verify")
    copy = Bantin(folder, bantin.sources)
    copy.home.mkdir()
    shutil.copytree(bantin.home / "archive", copy.home / "archive")
    copy.run("rebuild")
    assert copy.export() == bantin.export()
    copy.run("verify")
