#!/usr/bin/env python3
"""Checks the live page in headless Chromium, as a visitor would see it.

    tools/page-check.py --url http://127.0.0.1:8080/ --screenshot page.png            the page of a running host
    tools/page-check.py --url http://127.0.0.1:8080/ --screenshot page.png --follow   the picture shows a followed character
    tools/page-check.py --self-test                                                   without a host, hostile feed included

Prints one line for each check and the sum at the end. Exit status: 0 all passed, 1 something failed, 77 chromium or
chromedriver is not installed (nothing was checked). Python's standard library only; the browser can reach no other
host than that of the URL.
"""

import argparse
import sys
import time

sys.dont_write_bytecode = True

from page_check.browser import Browser, BrowserError, missing  # noqa: E402
from page_check.stand_in import StandIn  # noqa: E402

NOT_INSTALLED = 77
ESCAPE = "\ue00c"
REPORT = "return window.shieldwallPage ? window.shieldwallPage.report() : null"
CANVAS_HASH = """
const canvas = document.getElementById("field");
const pixels = new Uint32Array(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer);
let hash = 2166136261;
const colors = new Set();
for (let i = 0; i < pixels.length; i += 3) {
  hash = Math.imul(hash ^ pixels[i], 16777619);
  if (colors.size < 500) colors.add(pixels[i]);
}
return { hash, colors: colors.size };
"""
FIGURES = """
const all = (selector) => [...document.querySelectorAll(selector)].map((node) => node.textContent.trim());
return [...all(".chart-value b"), ...all(".figure dd"), ...all(".team-score"), ...all(".team-standing"), ...all("#kills")];
"""
PICK = """
const canvas = document.getElementById("field").getBoundingClientRect();
const all = window.shieldwallPage.characters().filter((one) => one.alive);
const apart = (one) => Math.min(...all.map((other) => other === one ? 1e9 : Math.hypot(one.x - other.x, one.y - other.y)));
const inside = all.filter((one) => one.x > 20 && one.y > 20 && one.x < canvas.width - 20 && one.y < canvas.height - 60);
inside.sort((a, b) => apart(b) - apart(a));
return inside.length ? { x: canvas.left + inside[0].x, y: canvas.top + inside[0].y } : null;
"""


class Checks:
    """Counts what passed and what did not."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def that(self, truth, what, detail=""):
        """One check, one line."""
        if truth:
            self.passed += 1
            print(f"ok      {what}")
        else:
            self.failed += 1
            print(f"FAILED  {what}{': ' if detail else ''}{detail}")
        return bool(truth)


def wait_for(seconds, condition):
    """The first true value of condition() within a time, or the last value."""
    until = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > until:
            return value
        time.sleep(0.2)


def report(browser):
    """What the page says about itself; an empty report before its script runs."""
    return browser.run(REPORT) or {"state": "", "framesReceived": 0, "framesPainted": 0, "following": -1, "visible": 0, "sections": 0, "points": 0, "standing": 0}


def check_live(browser, checks):
    """Frames arrive, the picture moves, the figures are there and change."""
    if not checks.that(wait_for(30, lambda: report(browser)["framesReceived"] > 20), "frames of the battle arrive", report(browser)):
        return False
    checks.that(report(browser)["state"] == "live", "the page says that it is live", report(browser)["state"])
    wait_for(10, lambda: "–" not in browser.run(FIGURES))
    first, figures, painted = browser.run(CANVAS_HASH), browser.run(FIGURES), report(browser)["framesPainted"]
    began = time.monotonic()
    time.sleep(1.5)
    second, later = browser.run(CANVAS_HASH), browser.run(FIGURES)
    rate = (report(browser)["framesPainted"] - painted) / (time.monotonic() - began)
    checks.that(first["hash"] != second["hash"], "the battlefield moves")
    checks.that(first["colors"] > 100, "the battlefield has terrain and characters on it", f"{first['colors']} colours")
    checks.that(rate > 0.5, f"the page paints ({rate:.0f} pictures a second without a graphics processor)", f"{rate:.1f}")
    checks.that(len(figures) >= 15 and all(figures), "every figure is filled", figures)
    checks.that("–" not in figures, "every figure is known", figures)
    changed = sum(a != b for a, b in zip(figures, later))
    checks.that(changed >= 3, "figures change", f"{changed} did")
    checks.that(browser.run("return document.querySelectorAll('.team').length") >= 2, "the score names the teams")
    check_siege(browser, checks)
    return True


def check_siege(browser, checks):
    """Structures and places are there, kills are told, points are in the score."""
    now = report(browser)
    checks.that(now["sections"] >= 20 and now["points"] >= 5, "the fort and its places are on the battlefield", now)
    checks.that(0 < now["standing"] <= now["sections"], "sections stand", now)
    rows = "return [...document.querySelectorAll('#combat li')].map((row) => row.textContent)"
    told = wait_for(30, lambda: browser.run(rows))
    checks.that(told and len(told) <= 8 and all(len(row) > 8 for row in told), "the last kills are told", told)
    points = browser.run("return [...document.querySelectorAll('.team-points')].map((node) => node.textContent)")
    checks.that(len(points) >= 2 and all("point" in text for text in points), "the score has points", points)


def check_follow(browser, checks):
    """A click on a character follows it. Leaves the page following; check_escape ends it."""

    def try_click():
        point = browser.run(PICK)
        if point is not None:
            browser.click(point["x"], point["y"])
        return report(browser)["following"] >= 0

    if not checks.that(wait_for(10, try_click), "a click on a character starts following it"):
        return
    checks.that(wait_for(8, lambda: report(browser)["visible"] > 0), "the server tells what its client knows of")
    card = "return document.getElementById('card').hidden ? '' : document.getElementById('card-down').textContent"
    checks.that(wait_for(8, lambda: any(digit in browser.run(card) for digit in "123456789")), "its card has figures", browser.run(card))
    time.sleep(2)


def check_escape(browser, checks):
    """Escape ends following."""
    browser.press(ESCAPE)
    ended = wait_for(3, lambda: report(browser)["following"] < 0 and browser.run("return document.getElementById('card').hidden"))
    checks.that(ended, "Escape ends following")


def check_quiet(browser, checks, what="no error in the console"):
    """No console error and no uncaught exception so far."""
    errors = browser.errors()
    checks.that(not errors, what, " | ".join(errors[:5]))


def check_page(url, options, checks):
    """The page of a running host."""
    browser = Browser(url, options.width, options.height, dark=not options.light)
    try:
        browser.go(url)
        if check_live(browser, checks):
            time.sleep(options.wait_s)
            if options.screenshot and not options.follow:
                browser.screenshot(options.screenshot)
            check_follow(browser, checks)
            if options.screenshot and options.follow:
                browser.screenshot(options.screenshot)
            check_escape(browser, checks)
            checks.that(report(browser)["refused"] == 0, "the page refused nothing of the feed", report(browser))
        check_quiet(browser, checks)
    finally:
        browser.close()


def check_hostile(checks):
    """A feed with malformed messages: the page drops them, and nothing in them becomes markup or an exception."""
    server = StandIn(characters=120, hostile=True)
    browser = Browser(server.url)
    try:
        browser.go(server.url)
        checks.that(wait_for(20, lambda: report(browser)["framesReceived"] > 60), "hostile feed: the good frames still arrive", report(browser))
        checks.that(report(browser)["refused"] >= 21, "hostile feed: the bad ones are refused and counted", report(browser))
        browser.press("n")
        browser.run("window.shieldwallPage.report()")
        time.sleep(3)
        checks.that(browser.run("return document.title").startswith("Shieldwall"), "hostile feed: no script ran")
        checks.that(browser.run("return document.querySelectorAll('img, script:not([src])').length") == 0, "hostile feed: no markup came in")
        checks.that(report(browser)["state"] == "live", "hostile feed: the page is still live", report(browser)["state"])
        check_quiet(browser, checks, "hostile feed: no error in the console")
    finally:
        browser.close()
        server.close()


def check_reconnect(checks):
    """The server goes away and comes back."""
    server = StandIn(characters=60)
    port = int(server.url.rstrip("/").rsplit(":", 1)[1])
    browser = Browser(server.url)
    try:
        browser.go(server.url)
        wait_for(20, lambda: report(browser)["framesReceived"] > 5)
        check_quiet(browser, checks, "reconnection: no error before the server goes")
        server.close()
        banner = "return !document.getElementById('banner').hidden && document.getElementById('banner-text').textContent.includes('gone away')"
        checks.that(wait_for(10, lambda: browser.run(banner)), "reconnection: the page says that the server has gone away")
        server = StandIn(port=port, characters=60)
        back = wait_for(20, lambda: report(browser)["state"] == "live" and browser.run("return document.getElementById('banner').hidden"))
        checks.that(back, "reconnection: the page comes back by itself", report(browser))
        # The browser itself notes each refused connection; anything else is the page's own fault.
        others = [line for line in browser.errors() if "/live" not in line]
        checks.that(not others, "reconnection: no error but the refused connections", " | ".join(others[:3]))
    finally:
        browser.close()
        server.close()


def check_narrow(checks):
    """At the width of a phone nothing sticks out, in light colours."""
    server = StandIn(characters=60)
    browser = Browser(server.url, 390, 844, dark=False)
    try:
        browser.go(server.url)
        wait_for(20, lambda: report(browser)["framesReceived"] > 5)
        width = browser.run("return [document.documentElement.scrollWidth, innerWidth]")
        checks.that(width[0] <= width[1], "phone: nothing wider than the screen", width)
        field = browser.run("const box = document.getElementById('field').getBoundingClientRect(); return [box.width, box.height]")
        checks.that(field[0] >= 380 and field[1] >= 300, "phone: the battlefield has room", field)
        check_quiet(browser, checks, "phone: no error in the console")
    finally:
        browser.close()
        server.close()


def main():
    """Parses the arguments, runs the checks, tells the sum."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--url", help="address of the page of a running host")
    what.add_argument("--self-test", action="store_true", help="check the page against a stand-in for the host")
    parser.add_argument("--screenshot", metavar="FILE", help="save a picture of the page (PNG)")
    parser.add_argument("--follow", action="store_true", help="take the picture while a character is followed")
    parser.add_argument("--wait-s", type=float, default=2, help="seconds to let the battle go on before the picture (default 2)")
    parser.add_argument("--light", action="store_true", help="prefer light colours")
    parser.add_argument("--width", type=int, default=1440, help="width of the window (default 1440)")
    parser.add_argument("--height", type=int, default=900, help="height of the window (default 900)")
    options = parser.parse_args()
    lacking = missing()
    if lacking:
        print(f"page check not run: {lacking} not installed (Debian: apt-get install chromium chromium-driver)")
        return NOT_INSTALLED
    checks = Checks()
    try:
        if options.self_test:
            server = StandIn(characters=200)
            try:
                check_page(server.url, options, checks)
            finally:
                server.close()
            check_hostile(checks)
            check_reconnect(checks)
            check_narrow(checks)
        else:
            check_page(options.url, options, checks)
    except (BrowserError, OSError) as error:
        checks.that(False, "the browser works", str(error))
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
