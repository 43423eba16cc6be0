"""A real headless Chromium for tests, a small web server for a folder, and what the two saw."""

import http.server
import json
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--no-proxy-server", "--force-device-scale-factor=1", "--hide-scrollbars")


def chromium() -> tuple[str, str] | None:
    """Paths of a Chromium and of its driver, or None where one of the two is missing."""
    names = ("chromium", "chromium-browser", "google-chrome")
    browser, driver = next(filter(None, map(shutil.which, names)), None), shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


@contextmanager
def open_browser(width: int = 1200, height: int = 900) -> Iterator:
    """A fresh Chromium whose profile is thrown away afterwards. Skips the test where there is none."""
    paths = chromium()
    if paths is None:
        pytest.skip("NOT TESTED: no chromium and chromedriver on the PATH (apt-get install chromium-driver)")
    from selenium import webdriver

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = paths[0]
        for flag in (*FLAGS, f"--user-data-dir={profile}", f"--window-size={width},{height}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        # The driver is given by its path: Selenium would otherwise look for one on the net.
        browser = webdriver.Chrome(options, webdriver.ChromeService(paths[1]))
        browser.set_script_timeout(20)
        try:
            yield browser
        finally:
            browser.quit()


def set_width(browser, width: int, height: int = 900) -> None:
    """Width of the page itself in CSS pixels; a window cannot be made as narrow as a phone."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def console_errors(browser) -> list[str]:
    """What the page complained about since the last call; a missing favicon does not count."""
    return [entry["message"] for entry in browser.get_log("browser")
            if entry["level"] == "SEVERE" and "favicon.ico" not in entry["message"]]


def requested(browser) -> list[str]:
    """Addresses that the pages asked for since the last call."""
    messages = (json.loads(entry["message"])["message"] for entry in browser.get_log("performance"))
    return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]


def foreign(urls: list[str], *home: str) -> list[str]:
    """Those that leave the page's own host: neither of a `home` beginning nor made by the page itself."""
    return [url for url in urls if not url.startswith((*home, "blob:", "data:", "about:", "chrome:"))]


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve a folder on a free local port; gives its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
