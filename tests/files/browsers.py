"""A real browser that opens a page and tells what it did: requests, complaints, texts and pictures.

Chromium's own protocol over two pipes; nothing to install but the browser.
"""

import base64
import json
import os
import select
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe")
PATIENCE_S = 30
IDLE = ("--no-first-run", "--disable-extensions", "--disable-background-networking", "--disable-component-update")


@dataclass
class Browser:
    """One tab. `requests` are addresses, `complaints` whatever the console or the log said."""

    reading: int
    writing: int
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    session: str = ""
    sent: int = 0
    rest: bytes = b""
    seen: set[str] = field(default_factory=set)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """The answer to one command; what happens meanwhile is noted."""
        mine = self._send(method, params)
        while (got := self._next()).get("id") != mine:
            pass
        assert "error" not in got, got
        return got["result"]

    def _send(self, method: str, params: dict[str, Any]) -> int:
        self.sent += 1
        message = {"id": self.sent, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.writing, json.dumps(message).encode() + b"\0")
        return self.sent

    def begin(self) -> None:
        """Open a tab and listen."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log", "Audits"):
            self.call(f"{domain}.enable")

    def show(self, page: Path, *, scheme: str = "light", media: str = "screen", width: int = 820) -> None:
        """Open a file in light or dark, as on a screen or as on paper, and wait until it is there."""
        self.call(
            "Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": scheme}]
        )
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=1000, deviceScaleFactor=1, mobile=False)
        self.seen.clear()
        self.call("Page.navigate", url=page.as_uri())
        while "Page.loadEventFired" not in self.seen:
            self._next()

    def run(self, script: str) -> Any:
        """What an expression is worth on the page."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def picture(self, path: Path) -> None:
        """The whole page as a PNG."""
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(answer["data"]))

    def paper(self) -> bytes:
        """The page as a PDF, as large as its own style says."""
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=False)["data"])

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self.rest:
            assert select.select([self.reading], [], [], PATIENCE_S)[0], "the browser says nothing"
            piece = os.read(self.reading, 1 << 16)
            assert piece, "the browser went away"
            self.rest += piece
        line, _nul, self.rest = self.rest.partition(b"\0")
        got = json.loads(line)
        self._note(got.get("method", ""), got.get("params", {}))
        return got

    def _note(self, method: str, params: dict[str, Any]) -> None:
        self.seen.add(method)
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded", "Audits.issueAdded"):
            self.complaints.append(json.dumps(params))
        elif method == "Page.javascriptDialogOpening":
            self.dialogs.append(params["message"])
            self._send("Page.handleJavaScriptDialog", {"accept": True})  # the page waits for it


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """A browser of its own, gone at the end; without one on this machine the test is skipped."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium on this machine")
    to_read, to_write = os.pipe(), os.pipe()

    def wired() -> None:
        ends = [os.dup(end) for end in (to_read[0], to_write[1])]
        os.dup2(ends[0], 3)
        os.dup2(ends[1], 4)

    process = subprocess.Popen(
        [found, *FLAGS, *IDLE, f"--user-data-dir={profile}"],
        preexec_fn=wired,
        close_fds=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(to_read[0])
    os.close(to_write[1])
    try:
        tab = Browser(to_write[0], to_read[1])
        tab.begin()
        yield tab
    finally:
        process.kill()
        process.wait()
        os.close(to_write[0])
        os.close(to_read[1])
