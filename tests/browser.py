"""A real browser without a window: what a page looks like to it, as numbers."""

import json
import re
import shutil
import subprocess
from html import escape, unescape

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = f"no headless browser is installed (looked for {', '.join(NAMES)}); on Debian: apt-get install chromium"
LOOK = """<script>addEventListener("load", () => {
const over = [...document.querySelectorAll("body *")].filter(e => !e.closest(".wide, pre") && e.offsetWidth
    && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.tagName);
const seen = {
    width: innerWidth, whole: document.documentElement.scrollWidth, over: over,
    images: [...document.images].map(e => [e.complete && e.naturalWidth, e.getBoundingClientRect().width]),
    fetched: performance.getEntriesByType("resource").map(e => e.name).filter(e => !e.startsWith("data:")),
    text: parseFloat(getComputedStyle(document.querySelector("td, p")).fontSize),
    headings: [...document.querySelectorAll("h2")].map(e => e.textContent),
};
const told = document.createElement("pre");
told.id = "seen";
told.textContent = JSON.stringify(seen);
parent.document.body.append(told);
});</script>"""


FRAME = '<!doctype html><body><iframe style="border: 0; width: {}px; height: {}px" srcdoc="{}"></iframe></body>'
"""A window of its own: a browser without one is never narrower than 500 pixels."""


def found():
    """Path of a browser, or None."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


def seen(page, folder, width, height=844):
    """What a browser sees of a page in a window of that many pixels, with no network: {what: value}.

    page: path of an HTML file; folder: for its profile and a copy of the page that looks at itself
    """
    path = found()
    if path is None:
        pytest.skip(MISSING)
    copy, text = (
        folder / f"looked-at-{width}.html",
        page.read_text(encoding="utf-8").replace("</body>", LOOK + "</body>"),
    )
    copy.write_text(FRAME.format(width, height, escape(text)), encoding="utf-8")
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
    options += [f"--user-data-dir={folder / 'profile'}", "--window-size=1600,1200"]
    options += ["--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=5000", "--dump-dom", copy.as_uri()]
    done = subprocess.run([path, *options], capture_output=True, text=True, encoding="utf-8", timeout=120)
    told = re.search(r'<pre id="seen">(.*?)</pre>', done.stdout, re.DOTALL)
    assert told, f"the page did not finish loading: {done.stderr[-500:]}"
    return json.loads(unescape(told[1]))
