"""Essays to build a site of, the same in every run: for Postrider and, with the same Markdown, for Hugo.

    essays.py FOLDER COUNT    FOLDER/issues/ and FOLDER/content/issues/, COUNT files in each

A third of them has a table, a quarter has code and a quarter has footnotes, which some have together; all have headings, links,
emphasis, quotations and lists. An essay has about 1,200 words.
"""

import base64
import datetime
import hashlib
import pathlib
import random
import sys

NOUNS = """letter reader morning paper window street answer garden winter candle harbour kitchen table river bridge neighbour
pocket pencil drawer station platform winter market orchard ladder attic cellar lantern weather season journey map coast
island sailor carpenter grandmother gardener baker teacher library margin sentence comma paragraph chapter silence argument
memory habit question evening supper bicycle railway timetable parcel stamp envelope""".split()
VERBS = """keeps carries forgets answers follows mends counts measures leaves finds opens closes borrows returns remembers
describes repeats gathers divides sharpens folds unfolds paints plants waters prunes crosses""".split()
ADJECTIVES = """quiet slow plain patient narrow bright heavy old new careful honest small distant warm cold early late long
short empty full crooked straight borrowed common""".split()
LINKS = ["because", "although", "and", "but", "while", "until", "so that", "before", "after", "whenever"]
TAGS = ["craft", "letters", "weather", "tools", "walking", "kitchen", "reading", "harbour"]

CODE = {
    "python": 'def pages(letters, per_page=40):\n    """Splits letters into pages."""\n    for start in range(0, len(letters), per_page):\n        yield letters[start : start + per_page]\n\n\nfor number, page in enumerate(pages(["a", "b"]), start=1):\n    print(f"{number}: {len(page)} letters")  # as many as fit\n',
    "rust": "/// Counts the words of a letter.\nfn words(letter: &str) -> usize {\n    letter\n        .split_whitespace()\n        .filter(|word| word.chars().any(char::is_alphanumeric))\n        .count()\n}\n",
    "sh": 'for letter in drawer/*.txt; do\n    words=$(wc -w <"$letter")\n    echo "$letter: $words words"\ndone | sort -k 2 -n\n',
}


class Writer:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def phrase(self):
        pick = self.random.choice
        return f"the {pick(ADJECTIVES)} {pick(NOUNS)} {pick(VERBS)} the {pick(NOUNS)}"

    def sentence(self):
        words = self.phrase()
        while self.random.random() < 0.55:
            words += f"{self.random.choice(['', ','])} {self.random.choice(LINKS)} {self.phrase()}"
        return words[0].upper() + words[1:] + self.random.choice([".", ".", ".", "?", "!"])

    def paragraph(self):
        sentences = [self.sentence() for _ in range(self.random.randint(3, 7))]
        chance = self.random.random()
        if chance < 0.3:
            sentences[0] = sentences[0].replace("the ", "the *very* ", 1)
        elif chance < 0.5:
            noun = self.random.choice(NOUNS)
            sentences[-1] += f" See [what the {noun} said](https://example.org/{noun}/)."
        elif chance < 0.6:
            sentences[1] = f"**{sentences[1]}**"
        return " ".join(sentences)

    def title(self):
        pick = self.random.choice
        return f"{pick(ADJECTIVES).capitalize()} {pick(NOUNS)}, {pick(ADJECTIVES)} {pick(NOUNS)}"

    def table(self):
        rows = [f"| {self.random.choice(NOUNS)} | {self.random.choice(ADJECTIVES)} | {self.random.randint(1, 900)} |" for _ in range(6)]
        return "\n".join(["| thing | kind | count |", "|---|:---:|---:|", *rows])

    def body(self):
        blocks = []
        notes = []
        has_notes = self.random.random() < 0.25
        for _ in range(self.random.randint(3, 4)):
            blocks.append(f"## {self.title()}")
            for _ in range(self.random.randint(4, 6)):
                paragraph = self.paragraph()
                if has_notes and self.random.random() < 0.3:
                    notes.append(f"[^{len(notes) + 1}]: {self.sentence()}")
                    paragraph += f"[^{len(notes)}]"
                blocks.append(paragraph)
            if self.random.random() < 0.5:
                blocks.append(f"> {self.sentence()} {self.sentence()}")
            if self.random.random() < 0.4:
                blocks.append("\n".join(f"- {self.sentence()}" for _ in range(4)))
        if self.random.random() < 0.33:
            blocks.insert(len(blocks) // 2, self.table())
        if self.random.random() < 0.25:
            language = self.random.choice(sorted(CODE))
            blocks.insert(len(blocks) // 3, f"```{language}\n{CODE[language]}```")
        return "\n\n".join(blocks + notes) + "\n"


def front_matter(**values):
    lines = "\n".join(f"{key} = {value}" for key, value in values.items())
    return f"+++\n{lines}\n+++\n\n"


def main(folder, count):
    folder = pathlib.Path(folder)
    issues, content = folder / "issues", folder / "content" / "issues"
    issues.mkdir(parents=True, exist_ok=True)
    content.mkdir(parents=True, exist_ok=True)
    first = datetime.date(2000, 1, 1)
    for number in range(int(count)):
        writer = Writer(number)
        title, summary = writer.title(), writer.sentence()
        tags = sorted(writer.random.sample(TAGS, 2))
        body = writer.body()
        date = first + datetime.timedelta(days=number // 2)
        slug = f"letter-{number:05}"
        identity = base64.b32encode(hashlib.sha256(slug.encode()).digest()[:16]).decode().lower().rstrip("=")
        shared = {"title": f'"{title}"', "summary": f'"{summary}"', "tags": str(tags).replace("'", '"')}
        (issues / f"{date}-{slug}.md").write_text(front_matter(id=f'"{identity}"', **shared) + body)
        (content / f"{slug}.md").write_text(front_matter(date=date, **shared) + body)


main(*sys.argv[1:])
