"""A TCP proxy that makes loopback as slow as a relay far away, and counts round trips.

    proxy.py PORT TARGET_PORT DELAY RESULT

Every piece of data is handed on DELAY seconds after it came, as it came: pieces keep their order, are
neither merged nor split, and any number of them is under way at a time, as on a wire. What this wire does
not have is a limit of bandwidth or a congestion window.

A round trip is the client being silent until the server has spoken, and then speaking again: a change of
direction from client to server, seen at the client's end. Round trips are counted per connection from the
first MAIL to the reply before QUIT, so that greeting and EHLO stay out.

Writes RESULT as JSON when it is asked to end: `messages`, `round_trips` and `seconds` of each connection
that carried a message.
"""

import asyncio
import json
import signal
import socket
import sys
import time

port, target, delay, result = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
connections = []


class Count:
    """What one connection did, by the pieces that pass the client's end."""

    def __init__(self):
        self.messages = 0
        self.round_trips = 0
        self.began = None
        self.ended = None
        self.client_spoke = False
        self.leaving = False
        self.tail = b""

    def from_client(self, piece):
        if piece.startswith(b"QUIT\r\n"):
            self.leaving = True
            return
        if self.began is None and piece.startswith(b"MAIL FROM"):
            self.began = time.monotonic()
        if piece and self.began is not None:
            self.client_spoke = True
        # The final dot may come in a piece of its own, or with other commands behind it.
        window = self.tail + piece
        self.messages += window.count(b"\r\n.\r\n")
        self.tail = window[-4:]

    def to_client(self, piece):
        if not piece:
            return
        if self.client_spoke and not self.leaving:
            self.round_trips += 1
            self.ended = time.monotonic()
        self.client_spoke = False


def ignore(_piece):
    """What is counted at the other end."""


async def hand_on(reader, writer, at_entry, at_exit):
    """Passes one direction on: each piece at its own time, the end of the stream likewise."""
    loop = asyncio.get_running_loop()
    pieces = asyncio.Queue()

    async def deliver():
        while True:
            due, piece = await pieces.get()
            await asyncio.sleep(due - loop.time())
            at_exit(piece)
            if not piece:
                writer.close()
                return
            writer.write(piece)

    delivery = asyncio.create_task(deliver())
    piece = b" "
    while piece:
        try:
            piece = await reader.read(1 << 18)
        except ConnectionError:
            piece = b""
        at_entry(piece)
        pieces.put_nowait((loop.time() + delay, piece))
    await delivery


async def connection(client_reader, client_writer):
    server_reader, server_writer = await asyncio.open_connection("127.0.0.1", target)
    for writer in (client_writer, server_writer):
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    count = Count()
    connections.append(count)
    # Both are seen at the client's end: what it says as it comes, what it hears when it is handed on.
    await asyncio.gather(
        hand_on(client_reader, server_writer, count.from_client, ignore),
        hand_on(server_reader, client_writer, ignore, count.to_client),
    )


async def main():
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await asyncio.start_server(connection, "127.0.0.1", port)
    await ended.wait()
    carried = [count for count in connections if count.messages and count.ended]
    with open(result, "w", encoding="ascii") as file:
        json.dump(
            [
                {"messages": count.messages, "round_trips": count.round_trips, "seconds": count.ended - count.began}
                for count in carried
            ],
            file,
        )


asyncio.run(main())
