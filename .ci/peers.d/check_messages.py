"""Reads stored messages with Python's own mail package and refuses what it finds fault with.

    check_messages.py [--crlf] FOLDER...

A FOLDER is a Maildir; where its name is an address, its messages must be addressed to it. With
--crlf the files must have the line ends of the wire; mail servers store them with LF.
"""

import argparse
import email
import email.policy
import email.utils
import pathlib
import re
import sys

# What a mail server adds on the way; the rest is the sender's.
TRACE = {"return-path", "x-original-to", "delivered-to", "received"}
ONCE = {"from", "to", "date", "message-id", "subject", "mime-version", "content-type"}
OFTEN = {"dkim-signature"}
POLICY = email.policy.SMTP.clone(raise_on_defect=True)


def check_lines(raw):
    """RFC 5321 2.3.8, RFC 5322 2.1.1, RFC 2045 6.7"""
    if any(byte > 126 or (byte < 32 and byte not in b"\t\r\n") for byte in raw):
        yield "a byte outside of printable ASCII"
    for number, line in enumerate(raw.split(b"\r\n"), 1):
        if b"\r" in line or b"\n" in line:
            yield f"line {number}: a bare CR or LF"
        if len(line) > 998:
            yield f"line {number}: {len(line)} characters"
    body = raw.partition(b"\r\n\r\n")[2]
    for line in body.split(b"\r\n"):
        if len(line) > 76:
            yield f"a body line of {len(line)} characters: {line!r}"
        if line.endswith((b" ", b"\t")):
            yield f"white space at the end of a line: {line!r}"


def check_headers(message, folder):
    names = [name.lower() for name in message.keys() if name.lower() not in TRACE]
    for name in sorted(set(names) | ONCE):
        count = names.count(name)
        if count > 1 and name not in OFTEN or count == 0 and name in ONCE:
            yield f"{name} stands {count} times"
    if "bcc" in names:
        yield "a Bcc header"
    for name, value in message.items():
        for defect in getattr(value, "defects", ()):
            yield f"{name}: {defect!r}"
    if len(message["from"].addresses) != 1 or len(message["to"].addresses) != 1:
        yield "From or To has not exactly one address"
    if "@" in folder and message["to"].addresses[0].addr_spec != folder:
        yield f"addressed to {message['to']}"
    if message["date"].datetime.tzinfo is None:
        yield "Date has no zone"
    if not re.fullmatch(r"<[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+>", str(message["message-id"]).strip()):
        yield f"Message-ID {message['message-id']}"
    if not re.search(r"<[^<>\s]+>", str(message["list-unsubscribe"] or "")):
        yield "no way to unsubscribe"


def check_parts(message):
    if message.get_content_type() != "multipart/alternative":
        yield f"the message is {message.get_content_type()}"
        return
    kinds = []
    for part in message.iter_parts():
        kinds.append(part.get_content_type())
        if part.get_content_charset() != "utf-8":
            yield f"{kinds[-1]} in {part.get_content_charset()}"
        # Bytes that are not in the charset, or not in the encoding, raise.
        text = part.get_payload(decode=True).decode("utf-8", "strict")
        if not text.strip():
            yield f"{kinds[-1]} is empty"
        if "\ufffd" in text or "Ã©" in text:
            yield f"{kinds[-1]} was decoded wrongly by someone"
    # RFC 2046 5.1.4: the best comes last.
    if kinds != ["text/plain", "text/html"]:
        yield f"parts {kinds}"


def check(raw, folder, seen, crlf):
    if not crlf:
        if b"\r" in raw:
            yield "a CR in a file with LF line ends"
        raw = raw.replace(b"\n", b"\r\n")
    message = email.message_from_bytes(raw, policy=POLICY)
    head, _, body = raw.partition(b"\r\n\r\n")
    own = [field for field in re.split(rb"\r\n(?![ \t])", head) if field.split(b":")[0].lower().decode() not in TRACE]
    yield from check_lines(b"\r\n".join(own) + b"\r\n\r\n" + body)
    yield from check_headers(message, folder)
    yield from check_parts(message)
    # RFC 8058 3.1: beside an https address, on one line, and nowhere else.
    one_click = head.count(b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")
    if ("<https://" in str(message["list-unsubscribe"] or "")) != (one_click == 1):
        yield "List-Unsubscribe-Post does not fit List-Unsubscribe"
    identity = str(message["message-id"]).strip()
    if identity in seen:
        yield f"Message-ID {identity} was used before"
    seen.add(identity)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--crlf", action="store_true")
    arguments.add_argument("folder", nargs="+", type=pathlib.Path)
    arguments = arguments.parse_args()
    seen, faults, count = set(), [], 0
    for folder in arguments.folder:
        for path in sorted(path for name in ("new", "cur") for path in (folder / name).glob("*")):
            count += 1
            try:
                found = list(check(path.read_bytes(), folder.name, seen, arguments.crlf))
            except Exception as defect:  # the package raises what it finds
                found = [repr(defect)]
            faults += [f"{path}: {fault}" for fault in found]
    for fault in faults[:20]:
        print(fault, file=sys.stderr)
    if not count:
        sys.exit("error: no messages")
    print(f"{count} messages read, {len(faults)} faults")
    sys.exit(bool(faults))


main()
