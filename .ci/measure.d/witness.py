"""An SMTP server that takes everything and says what it saw: connections, how many of them at a time,
messages and bytes. It is no part of a measurement: it tells whether two senders do the same work.

    witness.py PORT RESULT [FIRST_MESSAGE]

Writes RESULT as JSON when it is asked to end, and the first message to FIRST_MESSAGE.
"""

import asyncio
import json
import signal
import sys

seen = {"connections": 0, "at_once": 0, "messages": 0, "bytes": 0, "most_on_a_connection": 0}
opened = 0


async def message(reader):
    """The bytes up to the final dot, with doubled dots made single again (RFC 5321 4.5.2)."""
    lines = []
    while (line := await reader.readline()) != b".\r\n":
        if not line:
            raise ConnectionError
        lines.append(line[1:] if line.startswith(b".") else line)
    return b"".join(lines)


def count(raw):
    seen["messages"] += 1
    seen["bytes"] += len(raw)
    if seen["messages"] == 1 and len(sys.argv) > 3:
        with open(sys.argv[3], "wb") as file:
            file.write(raw)


async def session(reader, writer):
    global opened
    # A connection counts from its first command on: one that only knocks is none.
    counted, taken = False, 0
    writer.write(b"220 witness\r\n")
    try:
        while line := await reader.readline():
            verb = line.split(None, 1)[0].upper().decode("ascii", "replace")
            if not counted:
                counted = True
                opened += 1
                seen["connections"] += 1
                seen["at_once"] = max(seen["at_once"], opened)
            if verb == "EHLO":
                writer.write(b"250-witness\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n")
            elif verb == "DATA":
                writer.write(b"354 go on\r\n")
                await writer.drain()
                count(await message(reader))
                taken += 1
                seen["most_on_a_connection"] = max(seen["most_on_a_connection"], taken)
                writer.write(b"250 2.0.0 taken\r\n")
            elif verb == "QUIT":
                writer.write(b"221 2.0.0 bye\r\n")
                break
            else:
                writer.write(b"250 2.0.0 fine\r\n")
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        opened -= counted
        writer.close()


async def main():
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    # A line of a message may be long; the sink has no limit either.
    await asyncio.start_server(session, "127.0.0.1", int(sys.argv[1]), limit=1 << 20, backlog=1000)
    await ended.wait()
    with open(sys.argv[2], "w", encoding="ascii") as file:
        json.dump(seen, file)


asyncio.run(main())
