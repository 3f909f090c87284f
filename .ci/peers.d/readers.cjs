// Goes a reader's whole way in a browser (72-readers says which).
//
//   node readers.cjs --out DIR --chromium PROGRAM --url URL --mail MAILDIR
//
// The publication's folder is PUBLICATION, the program POSTRIDER.
"use strict";

const fs = require("fs");
const path = require("path");
const { execFileSync } = require("child_process");
const { parseArgs } = require("util");
const { WIDE, NARROW, PHONE, launch, judge, picture } = require("./look.cjs");

const { values: given } = parseArgs({ options: Object.fromEntries(
  ["out", "chromium", "url", "mail"].map((name) => [name, { type: "string" }])) });

const ADDRESS = "ada@example.net";
// An issue is scheduled to the minute, and looked for every fifteen seconds.
const PATIENCE = 150_000;

const problems = [];
const seen = new Set();
let pictures = 0;

function postrider(...args) {
  return execFileSync(process.env.POSTRIDER, ["-C", process.env.PUBLICATION, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

function check(holds, told) {
  if (!holds) problems.push(told);
}

// A mail as Python's own reader understands it: subject, header, and every address that it contains.
const READER = `
import email, email.policy, json, re, sys
message = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
texts = {part.get_content_type(): part.get_content() for part in message.walk() if part.get_content_maintype() == "text"}
found = re.findall(r"https?://[^\\s<>\\"')]+", " ".join([*texts.values(), str(message.get("List-Unsubscribe", ""))]))
print(json.dumps({"subject": message["subject"], "to": message["to"], "fields": [name.lower() for name in message.keys()],
  "leave": str(message.get("List-Unsubscribe", "")), "post": message.get("List-Unsubscribe-Post"),
  "text": texts.get("text/plain", ""), "links": sorted({link.rstrip(".,").replace("&amp;", "&") for link in found})}))
`;

function letters() {
  const folder = path.join(given.mail, "new");
  if (!fs.existsSync(folder)) return [];
  return fs.readdirSync(folder).sort().map((name) => JSON.parse(
    execFileSync("/usr/bin/python3", ["-c", READER, path.join(folder, name)], { encoding: "utf8" })));
}

async function letter(about, test) {
  const until = Date.now() + PATIENCE;
  for (;;) {
    const found = letters().find(test);
    if (found) return found;
    if (Date.now() > until) throw new Error(`no mail: ${about}; there are ${JSON.stringify(letters().map((one) => one.subject))}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

// Asks for everything that a mail links on this server, as scanners do.
async function scan(mail) {
  const own = mail.links.filter((link) => link.startsWith(given.url));
  for (const link of own) {
    for (const method of ["GET", "HEAD", "OPTIONS"]) {
      for (let time = 0; time < 3; time++) await fetch(link, { method, redirect: "follow" });
    }
  }
  return own;
}

// The page as it is shown now: judged in both colour schemes and widths, and kept as a picture.
async function look(page, name) {
  if (seen.has(name)) return;
  seen.add(name);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const width of [WIDE, NARROW]) {
      await page.setViewportSize({ width, height: 900 });
      const told = await judge(page);
      problems.push(...told.map((text) => `${name}, ${colorScheme}, ${width} pixels: ${text}`));
    }
    for (const [width, kind] of [[WIDE, "desktop"], [PHONE, "phone"]]) {
      await page.setViewportSize({ width, height: 900 });
      await picture(page, path.join(given.out, `reader-${name}-${kind}-${colorScheme}.png`));
      pictures += 1;
    }
  }
}

// Presses the one button of the page's form.
async function press(page, form = "main form") {
  await Promise.all([page.waitForLoadState("load"), page.locator(`${form} button[type=submit], ${form} button:not([type])`).first().click()]);
  await page.waitForLoadState("load");
}

(async () => {
  fs.mkdirSync(given.out, { recursive: true });
  const browser = await launch(given.chromium);
  // Everything must work without JavaScript; only axe-core needs it, and has it from outside of the page.
  const context = await browser.newContext({ reducedMotion: "reduce" });
  const page = await context.newPage();
  // The link that leads nowhere is meant to be one.
  page.on("console", (message) => {
    const isMeant = page.url().endsWith("forged") && message.text().includes("404");
    if (message.type() === "error" && !isMeant) problems.push(`the browser says: ${message.text()}`);
  });

  await page.goto(given.url);
  await look(page, "front");
  await page.locator("form input[type=email]").first().fill(ADDRESS);
  await Promise.all([page.waitForLoadState("load"), page.locator("form:has(input[type=email]) button").first().click()]);
  await page.waitForLoadState("load");
  await look(page, "asked");

  await page.goto(given.url + "subscribe");
  await look(page, "subscribe");

  const asked = await letter("to confirm", (mail) => mail.to.includes(ADDRESS));
  check(!asked.fields.includes("list-unsubscribe"), "the mail that asks has List-Unsubscribe");
  check(asked.fields.includes("auto-submitted"), "the mail that asks has no Auto-Submitted");
  const links = await scan(asked);
  const confirm = links.find((link) => link.includes("/confirm/"));
  if (!confirm) throw new Error(`no link to confirm in: ${asked.text}`);

  // The scanner has not confirmed anything: the issue would go to nobody.
  postrider("schedule", "the-first", "+1m", "--ready");
  check(!JSON.stringify(JSON.parse(postrider("plan", "the-first", "--json"))).includes(ADDRESS), "a scanner has confirmed");
  await page.goto(confirm);
  await look(page, "confirm");
  await press(page);
  await look(page, "confirmed");

  const first = await letter("the first issue", (mail) => mail.subject.includes("The first letter"));
  check(first.post === "List-Unsubscribe=One-Click", "no List-Unsubscribe-Post");
  await scan(first);
  const leave = first.links.find((link) => link.includes("/u/"));
  await page.goto(leave);
  await look(page, "leave");
  check(!JSON.parse(postrider("subscribers", "list", "--suppressed", "--json")).suppressions.length, "a scanner has unsubscribed");
  await press(page);
  await look(page, "left");

  await page.goto(given.url + "u/v1.nobody.forged");
  await look(page, "no-such-link");

  // Nobody is left: what is scheduled goes to nobody, and nothing arrives.
  postrider("subscribers", "add", "bob@example.net");
  postrider("schedule", "the-second", "+1m", "--ready");
  await letter("the second issue, to another one", (mail) => mail.subject.includes("The second letter") && mail.to.includes("bob@"));
  const sent = letters().filter((mail) => mail.to.includes(ADDRESS));
  check(sent.filter((mail) => mail.subject.includes("letter")).length === 1, `mails: ${JSON.stringify(sent.map((mail) => mail.subject))}`);

  await browser.close();
  for (const problem of problems) console.error(problem);
  console.log(`signed up, confirmed, received, left; ${seen.size} pages, light and dark, ${WIDE} and ${NARROW} pixels, ${pictures} pictures: ${problems.length} problems`);
  process.exit(problems.length ? 1 : 0);
})().catch((error) => { console.error(problems.join("\n")); console.error(error); process.exit(1); });
