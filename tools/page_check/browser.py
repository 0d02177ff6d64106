"""Drives headless Chromium through chromedriver (WebDriver over HTTP), with Python's standard library only.

The browser may reach one address, the host of the page, and nothing else; its profile is a fresh folder that is
removed afterwards; close() ends exactly the processes that start() began.
"""

import base64
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class BrowserError(Exception):
    """The driver or the browser refused something."""


def missing():
    """What is not installed, in words; empty when everything is there."""
    lacking = [] if shutil.which("chromedriver") else ["chromedriver"]
    if not any(shutil.which(name) for name in BROWSERS):
        lacking.append("chromium")
    return " and ".join(lacking)


class Browser:
    """One headless window on one page."""

    def __init__(self, url, width=1440, height=900, dark=True):
        self.host = urllib.parse.urlsplit(url).hostname
        self.profile = tempfile.mkdtemp(prefix="page-check-")
        self.session = None
        self.driver = None
        try:
            self.start(width, height, dark)
        except BaseException:
            self.close()
            raise

    def start(self, width, height, dark):
        """Starts chromedriver on a port of its own choice, and through it the browser."""
        log = os.path.join(self.profile, "chromedriver.log")
        with open(log, "wb") as out:
            self.driver = subprocess.Popen(
                ["chromedriver", "--port=0"], stdout=out, stderr=subprocess.STDOUT, start_new_session=True
            )
        self.base = f"http://127.0.0.1:{self.driver_port(log)}"
        arguments = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
            "--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--disable-extensions",
            "--disable-dev-shm-usage", "--no-proxy-server", "--hide-scrollbars", "--mute-audio", "--metrics-recording-only",
            f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {self.host}, EXCLUDE 127.0.0.1",
            f"--user-data-dir={os.path.join(self.profile, 'profile')}", f"--window-size={width},{height}",
        ]
        if dark:
            arguments.append("--blink-settings=preferredColorScheme=0")
        binary = next(path for path in map(shutil.which, BROWSERS) if path)
        reply = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"binary": binary, "args": arguments},
        }}})
        self.session = f"/session/{reply['sessionId']}"
        # The window's size has borders in it; the page's own size is what is asked for.
        self.devtools("Emulation.setDeviceMetricsOverride",
                      {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})

    def driver_port(self, log):
        """The port chromedriver says it listens on."""
        until = time.monotonic() + 30
        while time.monotonic() < until:
            if self.driver.poll() is not None:
                break
            with open(log, encoding="utf-8", errors="replace") as text:
                for line in text:
                    if "started successfully on port" in line:
                        return int(line.rstrip(". \n").rsplit(" ", 1)[1])
            time.sleep(0.05)
        raise BrowserError("chromedriver did not start")

    def call(self, method, path, body=None):
        """One WebDriver command; returns its value."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with DIRECT.open(request, timeout=60) as reply:
                return json.load(reply)["value"]
        except urllib.error.HTTPError as error:
            value = json.loads(error.read() or b"{}").get("value") or {}
            raise BrowserError(f"{value.get('error')}: {value.get('message', '').splitlines()[:1]}") from error

    def devtools(self, command, parameters):
        """One command of the DevTools protocol."""
        return self.call("POST", f"{self.session}/goog/cdp/execute", {"cmd": command, "params": parameters})

    def go(self, url):
        """Opens a page."""
        self.call("POST", f"{self.session}/url", {"url": url})

    def run(self, script, *arguments):
        """Runs the body of a function in the page; returns what it returns."""
        return self.call("POST", f"{self.session}/execute/sync", {"script": script, "args": list(arguments)})

    def click(self, x, y):
        """A real mouse click at a point of the window."""
        moves = [
            {"type": "pointerMove", "duration": 0, "x": round(x), "y": round(y)},
            {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0},
        ]
        self.act({"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": moves})

    def move(self, x, y):
        """Moves the mouse to a point of the window."""
        moves = [{"type": "pointerMove", "duration": 0, "x": round(x), "y": round(y)}]
        self.act({"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": moves})

    def press(self, key):
        """Presses and lets go one key."""
        self.act({"type": "key", "id": "keys", "actions": [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]})

    def act(self, source):
        """Input as from a person."""
        self.call("POST", f"{self.session}/actions", {"actions": [source]})

    def errors(self):
        """Console messages of level SEVERE, exceptions among them, since the last call."""
        entries = self.call("POST", f"{self.session}/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if entry["level"] == "SEVERE"]

    def screenshot(self, path):
        """Saves the window as PNG."""
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("GET", f"{self.session}/screenshot")))

    def close(self):
        """Ends the browser and the driver, and removes the profile."""
        if self.session is not None:
            try:
                self.call("DELETE", self.session)
            except (BrowserError, OSError):
                pass
        if self.driver is not None:
            # The driver leads a process group of its own: whatever it left behind is in it.
            for sign in (signal.SIGTERM, signal.SIGKILL):
                try:
                    os.killpg(self.driver.pid, sign)
                except ProcessLookupError:
                    pass
                try:
                    self.driver.wait(timeout=5)
                except subprocess.TimeoutExpired:
                    pass
        self.end_leftovers()
        shutil.rmtree(self.profile, ignore_errors=True)

    def end_leftovers(self):
        """Waits for the browser's processes to go. The name of its fresh profile tells them from everybody else's."""
        until = time.monotonic() + 5
        while leftovers := [pid for pid in os.listdir("/proc") if pid.isdigit() and self.is_ours(pid)]:
            if time.monotonic() > until:
                for pid in leftovers:
                    try:
                        os.kill(int(pid), signal.SIGKILL)
                    except ProcessLookupError:
                        pass
                return
            time.sleep(0.05)

    def is_ours(self, pid):
        """Whether a process runs on this object's profile folder."""
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                return os.path.join(self.profile, "profile").encode() in file.read()
        except OSError:
            return False
