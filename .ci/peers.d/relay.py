"""A small relay: takes every message, keeps a journal that is on the disk before the reply.

    relay.py JOURNAL        prints its port, then one line for each connection it has ended

One line of the journal for each message: recipient and SHA-256.
"""

import hashlib
import os
import socket
import sys
import threading


class Relay:
    def __init__(self, journal):
        self.journal = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.lock = threading.Lock()

    def accept(self, recipient, message):
        line = f"{recipient} {hashlib.sha256(message).hexdigest()}\n"
        with self.lock:
            os.write(self.journal, line.encode())
            os.fdatasync(self.journal)

    def converse(self, connection):
        lines = connection.makefile("rb")
        say = lambda text: connection.sendall(text + b"\r\n")
        say(b"220 relay.example.org ESMTP")
        recipient = None
        for line in lines:
            verb = line[:4].upper()
            if verb == b"EHLO":
                say(b"250-relay.example.org\r\n250-PIPELINING\r\n250 SIZE 52428800")
            elif verb == b"RCPT":
                recipient = line.split(b"<")[1].split(b">")[0].decode()
                say(b"250 2.1.5 ok")
            elif verb == b"DATA":
                say(b"354 go on")
                message = self.receive(lines)
                if message is None:
                    return
                self.accept(recipient, message)
                say(b"250 2.0.0 taken")
            elif verb == b"QUIT":
                say(b"221 2.0.0 bye")
                return
            else:
                say(b"250 2.0.0 ok")

    @staticmethod
    def receive(lines):
        message = []
        for line in lines:
            if line == b".\r\n":
                return b"".join(message)
            message.append(line[1:] if line.startswith(b".") else line)
        return None


def serve(relay, connection):
    try:
        with connection:
            relay.converse(connection)
    except OSError:
        pass


def main():
    relay = Relay(sys.argv[1])
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        while True:
            connection, _ = server.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=serve, args=(relay, connection), daemon=True).start()


main()
