"""Firefox and WebKitGTK, driven by WebDriver's own commands and no package more.

Firefox speaks them over a socket (Marionette, which it brings along), WebKitGTK over
HTTP (WebKitWebDriver of Debian's webkit2gtk-driver, which needs a screen: Xvfb).
BOOK_FIREFOX and BOOK_WEBKIT name the programs where the PATH does not.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

PATIENCE = 180  # seconds: a busy machine is slow, and that is not a fault
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # how WebDriver names an element's id


def free_port() -> int:
    """Return a port of this machine on which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Engine:
    """One browser window; `ask(command, parameters)` sends one command of WebDriver."""

    # command -> (its path over HTTP, its name in Marionette)
    COMMANDS = {
        "go": ("url", "Navigate"),
        "run": ("execute/sync", "ExecuteScript"),
        "find": ("element", "FindElement"),
        "click": ("element/{id}/click", "ElementClick"),
        "act": ("actions", "PerformActions"),
        "size": ("window/rect", "SetWindowRect"),
    }

    def go(self, url: str) -> None:
        """Open a page, and keep its errors from then on."""
        self.ask("go", {"url": url})
        self.run(
            "window.faults = [];"
            "addEventListener('error', (e) => faults.push(String(e.message)));"
            "addEventListener('unhandledrejection', (e) => faults.push(String(e.reason)));"
        )

    def run(self, script: str, *arguments):
        """Return what a JavaScript function body gives."""
        return self.ask("run", {"script": script, "args": list(arguments)})

    def wait(self, condition: str, *arguments):
        """Wait until a JavaScript expression is true; return its value."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if value := self.run(f"return {condition}", *arguments):
                return value
            time.sleep(0.1)
        raise AssertionError(f"this never came true: {condition}")

    def _find(self, selector: str) -> str:
        wanted = {"using": "css selector", "value": selector}
        return self.ask("find", wanted)[ELEMENT]

    def click(self, selector: str) -> None:
        """Press the first element of a CSS selector with the mouse."""
        self.ask("click", {"id": self._find(selector)})

    def key(self, selector: str, value: str) -> None:
        """Give the first element of a CSS selector the focus, and press a key."""
        self.run("document.querySelector(arguments[0]).focus()", selector)
        strokes = [{"type": kind, "value": value} for kind in ("keyDown", "keyUp")]
        keyboard = {"type": "key", "id": "keyboard", "actions": strokes}
        self.ask("act", {"actions": [keyboard]})

    def size(self, width: int, height: int) -> None:
        """Make the window so large, in CSS pixels."""
        self.ask("size", {"width": width, "height": height})


class Firefox(Engine):
    """Firefox without a screen."""

    MISSING = "Firefox was not found: apt-get install firefox-esr, or set BOOK_FIREFOX"

    @staticmethod
    def program() -> str | None:
        """Return Firefox's path, None without one."""
        return os.environ.get("BOOK_FIREFOX") or next(
            filter(None, map(shutil.which, ("firefox-esr", "firefox"))), None
        )

    def __init__(self, stack: contextlib.ExitStack):
        port, count = free_port(), 0
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (home / "user.js").write_text(f'user_pref("marionette.port", {port});\n')
        command = [self.program(), "--headless", "--marionette", "--profile", str(home)]
        started(stack, [*command, "--no-remote"], {"HOME": str(home)})
        self.line = stack.enter_context(connected(port))
        self._read()  # its greeting
        self.count = count
        self._send("WebDriver:NewSession", {})

    def _read(self):
        head = b""
        while not head.endswith(b":"):
            head += self._bytes(1)
        return json.loads(self._bytes(int(head[:-1])))

    def _bytes(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            piece = self.line.recv(count - len(found))
            if not piece:
                raise ConnectionError("Firefox has gone.")
            found += piece
        return found

    def _send(self, name: str, parameters: dict):
        self.count += 1
        text = json.dumps([0, self.count, name, parameters])
        self.line.sendall(f"{len(text.encode())}:{text}".encode())
        _, _, error, result = self._read()
        if error:
            raise AssertionError(f"{name}: {error['message']}")
        return result.get("value", result)

    def ask(self, command: str, parameters: dict):
        return self._send(f"WebDriver:{self.COMMANDS[command][1]}", parameters)


class WebKit(Engine):
    """WebKitGTK's small browser on a screen that nobody sees."""

    MISSING = (
        "WebKitGTK was not found: apt-get install webkit2gtk-driver xvfb, or set "
        "BOOK_WEBKIT"
    )

    @staticmethod
    def program() -> str | None:
        """Return WebKitWebDriver's path, None without it or without a screen."""
        found = os.environ.get("BOOK_WEBKIT") or shutil.which("WebKitWebDriver")
        screen = os.environ.get("DISPLAY") or shutil.which("Xvfb")
        return found if screen else None

    def __init__(self, stack: contextlib.ExitStack):
        port = free_port()
        home = stack.enter_context(tempfile.TemporaryDirectory())
        screen = os.environ.get("DISPLAY") or self._screen(stack)
        around = {"HOME": home, "DISPLAY": screen, "GDK_BACKEND": "x11"}
        started(stack, [self.program(), f"--port={port}"], around)
        connected(port).close()
        self.address = f"http://127.0.0.1:{port}/session"
        made = self._post("", {"capabilities": {}})
        self.address += f"/{made['sessionId']}"
        stack.callback(self._request, "DELETE", "", None)

    @staticmethod
    def _screen(stack: contextlib.ExitStack) -> str:
        reading, writing = os.pipe()
        command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1400x1000x24"]
        started(stack, command, {}, pass_fds=(writing,))
        os.close(writing)
        with os.fdopen(reading) as told:
            return f":{told.readline().strip()}"

    def _request(self, method: str, path: str, parameters: dict | None):
        body = None if parameters is None else json.dumps(parameters).encode()
        request = urllib.request.Request(
            f"{self.address}{path}",
            body,
            {"Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            told = json.load(error)["value"]
            raise AssertionError(
                f"{path}: {told['message'] or told['error']}"
            ) from None

    def _post(self, path: str, parameters: dict):
        return self._request("POST", path, parameters)

    def ask(self, command: str, parameters: dict):
        path = self.COMMANDS[command][0].format(**parameters)
        return self._post(f"/{path}", parameters)


def started(stack, command: list[str], around: dict[str, str], **more) -> None:
    """Start a program without a word, to be ended with `stack`."""
    program = subprocess.Popen(
        command,
        env=os.environ | around,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **more,
    )

    def end():
        program.terminate()
        try:
            program.wait(20)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()

    stack.callback(end)


def connected(port: int) -> socket.socket:
    """Return a line to a port of this machine, once somebody listens there."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), PATIENCE)
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
