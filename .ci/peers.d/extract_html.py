"""Writes the HTML part of stored messages to files.

    extract_html.py FOLDER MESSAGE...
"""

import email
import email.policy
import pathlib
import sys

for number, path in enumerate(sys.argv[2:], 1):
    message = email.message_from_bytes(pathlib.Path(path).read_bytes(), policy=email.policy.default)
    html = message.get_body(("html",)).get_content()
    pathlib.Path(sys.argv[1], f"{number}.html").write_text(html, encoding="utf-8")
