"""Saves an essay again and again while `preview` runs, and takes the time.

    saves.py PROGRAM ESSAYS SAVES

Prints milliseconds: from the save to the event (median, longest), and to the mail with what was saved (median).
Every other save is a rename, as many editors do it.
"""

import os
import pathlib
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

SAMPLE = pathlib.Path(__file__).parents[2]
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


def essay(front, body):
    return f"+++\n{front}\n+++\n{body}"


def fill(folder, count):
    """A publication of `count` essays and a draft; gives the draft's file and the text for each save."""
    for name in ("postrider.toml", "subscribers.csv"):
        shutil.copy(SAMPLE / name, folder)
    issues = folder / "issues"
    issues.mkdir()
    body = next((SAMPLE / "issues").glob("*-in-praise-of-plain-text.md")).read_text().split("+++", 2)[2]
    for number in range(count):
        day = f"{2000 + number // 336:04}-{1 + number // 28 % 12:02}-{1 + number % 28:02}"
        identity = "".join(random.Random(number).choices(LETTERS, k=25)) + "a"
        text = essay(f'id = "{identity}"\ntitle = "Essay {number}"', body)
        (issues / f"{day}-essay-{number}.md").write_text(text)
    front = f'id = "{"a" * 26}"\ntitle = "The draft"\ndraft = true'
    return issues / "2026-12-01-the-draft.md", lambda number: essay(front, f"{body}\nSaved {number} times.\n")


class Browser:
    def __init__(self, url):
        host, port = re.match(r"http://([\d.]+):(\d+)/", url).groups()
        self.address = (host, int(port))
        self.host = f"{host}:{port}"
        self.events = self.ask("/events", "keep-alive").makefile("rb")

    def ask(self, path, connection):
        stream = socket.create_connection(self.address)
        stream.sendall(f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\nConnection: {connection}\r\n\r\n".encode())
        return stream

    def wait_for_event(self):
        for line in self.events:
            if line.startswith(b"data:"):
                return
        sys.exit("error: the preview ended")

    def get(self, path):
        with self.ask(path, "close") as stream:
            return stream.makefile("rb").read()


def measure(program, count, saves):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        draft, text = fill(folder, count)
        draft.write_text(text(0))
        command = [program, "-C", name, "--now", "2026-10-10T09:00:00Z", "preview"]
        preview = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            browser = Browser(preview.stdout.readline().strip())
            browser.wait_for_event()
            told, shown = [], []
            for number in range(1, saves + 1):
                # A person pauses, too; the watcher must have come to rest.
                time.sleep(0.1)
                began = time.monotonic()
                if number % 2:
                    draft.write_text(text(number))
                else:
                    other = draft.with_name(".new")
                    other.write_text(text(number))
                    os.replace(other, draft)
                browser.wait_for_event()
                told.append((time.monotonic() - began) * 1000)
                if f"Saved {number} times.".encode() not in browser.get("/mail"):
                    sys.exit(f"error: save {number} is not in the mail that was told of")
                shown.append((time.monotonic() - began) * 1000)
        finally:
            preview.terminate()
            preview.wait()
    return statistics.median(told), max(told), statistics.median(shown)


print(*(f"{value:.1f}" for value in measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
