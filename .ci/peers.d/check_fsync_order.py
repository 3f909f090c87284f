"""Reads what strace saw of a send, and the relay's journal.

    check_fsync_order.py TRACE JOURNAL MESSAGES

For each final dot: the intent holds the SHA-256 of the message, so the first write to the ledger's
log (`ledger.db-wal`) with that hash is the write of the intent. A sync of the log must have begun
after that write, and must have returned before the write of the dot began.
"""

import codecs
import re
import sys

LINE = re.compile(r"(\d+) +(?:<\.\.\. (?P<resumed>\w+) resumed>|(?P<call>\w+)\()(?P<rest>.*)", re.S)
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


class Call:
    def __init__(self, name, began, text):
        self.name, self.began, self.text = name, began, text
        self.returned = None

    def payload(self):
        found = STRING.search(self.text)
        return codecs.escape_decode(found.group(1))[0] if found else b""


def calls(trace):
    """Every call in the order of its beginning; moments are numbers of lines."""
    open_calls, found = {}, []
    with open(trace, encoding="ascii", errors="replace") as lines:
        for moment, line in enumerate(lines):
            match = LINE.match(line)
            if not match:
                continue
            thread = match.group(1)
            if match.group("resumed"):
                call = open_calls.pop(thread, None)
            else:
                call = Call(match.group("call"), moment, match.group("rest"))
                found.append(call)
                if line.rstrip().endswith("<unfinished ...>"):
                    open_calls[thread] = call
                    continue
            if call:
                call.returned = moment
    return found


def is_of_log(call):
    return "ledger.db-wal>" in call.text[:4096]


def main():
    trace, journal, messages = sys.argv[1], sys.argv[2], int(sys.argv[3])
    accepted = dict(line.split() for line in open(journal, encoding="ascii"))
    assert len(accepted) == messages, f"the relay has {len(accepted)} of {messages} messages"

    log_writes, syncs, dots = [], [], []
    recipients = {}
    for call in calls(trace):
        if call.name == "pwrite64" and is_of_log(call):
            log_writes.append((call, call.payload()))
        elif call.name in ("fsync", "fdatasync") and is_of_log(call):
            syncs.append(call)
        elif call.name in ("sendto", "write"):
            connection = call.text.split("<")[0]
            sent = call.payload()
            named = re.search(rb"RCPT TO:<([^>]*)>", sent)
            if named:
                recipients[connection] = named.group(1).decode()
            if sent.endswith(b"\r\n.\r\n"):
                dots.append((call, recipients.pop(connection)))
    assert len(dots) == messages, f"strace saw {len(dots)} dots"

    # Writes and syncs are in order, dots nearly: each search goes on where the last one ended.
    first_write = {}
    wanted = {}
    for recipient, digest in accepted.items():
        wanted[recipient] = (bytes.fromhex(digest), digest.encode())
    open_hashes = {hash_: recipient for recipient, both in wanted.items() for hash_ in both}
    for call, page in log_writes:
        for hash_ in [hash_ for hash_ in open_hashes if hash_ in page]:
            first_write.setdefault(open_hashes.pop(hash_), call)

    late = []
    for dot, recipient in dots:
        intent = first_write.get(recipient)
        ordered = intent and any(
            intent.returned < sync.began and sync.returned is not None and sync.returned < dot.began
            for sync in syncs
        )
        if not ordered:
            late.append(recipient)
    assert not late, f"{len(late)} dots are ahead of their intents, such as that to {late[0]}"
    print(f"{len(dots)} dots, each behind a sync of its intent; {len(syncs)} syncs of the log")


main()
