"""Readers who confirm and who leave, a thousand in a second.

    readers.py prepare ROOM COUNT FOLDER        people who wait for their confirmation, in the ledger of ROOM; the paths
                                                of their links in FOLDER/confirm and FOLDER/unsubscribe
    readers.py press PORT FILE CONNECTIONS      a POST to each path of FILE, over connections that stay open; prints how many
                                                were answered with 200, and the seconds from the first to the last answer
    readers.py count ROOM                       how many have confirmed, and how many have left, by the ledger

The tokens are made here, of the publication's key, because nobody gets thousands of them by mail: the server limits that.
"""

import asyncio
import base64
import hashlib
import hmac
import http.client
import os
import pathlib
import re
import sqlite3
import struct
import sys
import time

SEVEN_DAYS = 7 * 24 * 3600


class Keys:
    """The keys of a publication: HKDF over its secret (RFC 5869), one for each purpose."""

    def __init__(self, secret):
        self.root = hmac.digest(b"postrider v1", secret, hashlib.sha256)

    def mac(self, purpose, content):
        key = hmac.digest(self.root, purpose + b"\x01", hashlib.sha256)
        return hmac.digest(key, content, hashlib.sha256)

    def address(self, address):
        return self.mac(b"address", address.encode())[:16]

    def unsubscribe(self, key):
        name = base64.b32encode(key).decode().rstrip("=").lower()
        return f"v1.{name}.{text(self.mac(b'unsubscribe', name.encode())[:16])}"

    def confirm(self, key, nonce, expires):
        content = key + nonce + struct.pack(">q", expires)
        return f"v1.{text(content)}.{text(self.mac(b'confirm', content)[:16])}"


def text(content):
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def ledger(room):
    return sqlite3.connect(pathlib.Path(room) / "ledger.db", timeout=30)


def prepare(room, count, folder):
    keys = Keys((pathlib.Path(room) / "postrider.key").read_bytes())
    now = int(time.time())
    confirm, leave, rows = [], [], []
    for number in range(int(count)):
        address = f"reader{number:07}@example.org"
        key, nonce = keys.address(address), os.urandom(16)
        confirm.append("/confirm/" + keys.confirm(key, nonce, now + SEVEN_DAYS))
        leave.append("/u/" + keys.unsubscribe(key))
        rows.append((key, address, nonce, now * 1000))
    with ledger(room) as database:
        database.executemany(
            "INSERT INTO signup (addr_key, address, name, tags, state, nonce, asked_at, asked_from)"
            " VALUES (?, ?, '', '', 'asked', ?, ?, '127.0.0.1')",
            rows,
        )
    for name, paths in (("confirm", confirm), ("unsubscribe", leave)):
        (pathlib.Path(folder) / name).write_text("\n".join(paths) + "\n", encoding="ascii")


class Presser(asyncio.Protocol):
    """One connection: the next button is pressed when the last answer is there whole."""

    def __init__(self, paths, body, counted, done):
        self.paths, self.body, self.counted, self.done = paths, body, counted, done
        self.buffer = b""

    def connection_made(self, transport):
        self.transport = transport
        self.press()

    def press(self):
        path = next(self.paths, None)
        if path is None:
            self.transport.close()
            return
        body = self.body
        self.transport.write(
            b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (path.encode(), len(body), body)
        )

    def data_received(self, data):
        self.buffer += data
        head, end, body = self.buffer.partition(b"\r\n\r\n")
        if not end:
            return
        length = next(
            int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
        )
        if len(body) < length:
            return
        self.buffer = b""
        self.counted[0] += head.startswith(b"HTTP/1.1 200 ")
        self.press()

    def connection_lost(self, error):
        self.done.set_result(None)


def form_of(port, path):
    """What the button of a page sends: the hidden field of the page that confirms, which is the same for everybody."""
    connection = http.client.HTTPConnection("127.0.0.1", int(port))
    connection.request("GET", path)
    page = connection.getresponse().read().decode()
    connection.close()
    agreed = re.search(r'name="agreed" value="([0-9a-f]+)"', page)
    return b"agreed=" + agreed[1].encode() if agreed else b"List-Unsubscribe=One-Click"


async def press(port, file, connections):
    every = pathlib.Path(file).read_text(encoding="ascii").split()
    body = form_of(port, every[0])
    paths = iter(every)
    loop = asyncio.get_running_loop()
    counted, ends = [0], []
    began = time.perf_counter()
    for _ in range(int(connections)):
        done = loop.create_future()
        ends.append(done)
        await loop.create_connection(lambda done=done: Presser(paths, body, counted, done), "127.0.0.1", int(port))
    await asyncio.gather(*ends)
    print(counted[0], f"{time.perf_counter() - began:.4f}")


def count(room):
    with ledger(room) as database:
        for sql in (
            "SELECT count(*) FROM signup WHERE confirmed_at IS NOT NULL",
            "SELECT count(*) FROM suppression WHERE reason = 'unsubscribed'",
        ):
            print(database.execute(sql).fetchone()[0], end=" ")
    print()


if __name__ == "__main__":
    if sys.argv[1] == "press":
        asyncio.run(press(*sys.argv[2:]))
    else:
        {"prepare": prepare, "count": count}[sys.argv[1]](*sys.argv[2:])
