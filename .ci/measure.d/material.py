"""What the measurements send, the same in every run.

    material.py essay FILE               an essay whose letter has about 20 KB
    material.py roster FILE COUNT        subscribers with a name and four more columns
    material.py template MESSAGE FILE    a letter of ours as JSON: texts and headers with {{email}}, {{name}}
                                         and {{token}} where they are the reader's own, for other senders
"""

import email
import email.policy
import json
import pathlib
import random
import re
import sys

WORDS = "letter reader morning paper quiet window street answer garden winter candle harbour".split()
# What every sender makes for itself.
OWN_HEADERS = {"from", "to", "subject", "date", "message-id", "mime-version", "content-type"}


def essay(path):
    random.seed(1)
    paragraphs = [" ".join(random.choice(WORDS) for _ in range(70)).capitalize() + "." for _ in range(15)]
    text = '+++\ntitle = "A letter to be measured"\n+++\n\n' + "\n\n".join(paragraphs) + "\n"
    pathlib.Path(path).write_text(text, encoding="ascii")


def roster(path, count):
    """Names and addresses of equal length, so that every message has the same size."""
    with open(path, "w", encoding="ascii") as file:
        file.write("email,name,joined,city,source,note\n")
        for number in range(int(count)):
            file.write(
                f"reader{number:07}@example.org,Reader {number:07},"
                f"2026-{number % 12 + 1:02}-{number % 28 + 1:02},{WORDS[number % 12]},web,{number * 7919 % 1000003}\n"
            )


def template(message, path):
    letter = email.message_from_bytes(pathlib.Path(message).read_bytes(), policy=email.policy.default)
    recipient = letter["To"].addresses[0]
    token = re.search(r"v1\.[A-Za-z0-9_.-]+", letter["List-Unsubscribe"])[0]

    def general(text):
        for own, place in ((token, "{{token}}"), (recipient.addr_spec, "{{email}}"), (recipient.display_name, "{{name}}")):
            text = text.replace(own, place)
        return text

    result = {
        "from": str(letter["From"]),
        "subject": str(letter["Subject"]),
        "headers": {name: general(str(value)) for name, value in letter.items() if name.lower() not in OWN_HEADERS},
        "text": general(letter.get_body(("plain",)).get_content()),
        "html": general(letter.get_body(("html",)).get_content()),
        # A token of ours is a number in this place: as long, and another one for each reader.
        "token_length": len(token),
    }
    for part in ("text", "html"):
        for place in ("{{token}}", "{{email}}", "{{name}}"):
            assert place in result[part], f"the {part} part has no {place}"
    pathlib.Path(path).write_text(json.dumps(result), encoding="ascii")


{"essay": essay, "roster": roster, "template": template}[sys.argv[1]](*sys.argv[2:])
