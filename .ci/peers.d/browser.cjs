// Opens documents in a browser, lets axe-core judge them, and takes pictures of them.
//
//   node browser.cjs --out DIR --chromium PROGRAM --archive DIR --letters DIR --preview URL --desk URL
//
// Nothing leaves this machine: the archive's own addresses are answered from its folder, and every
// other request but those to the preview and the desk is refused.
"use strict";

const fs = require("fs");
const path = require("path");
const { parseArgs } = require("util");
const { WIDE, NARROW, PHONE, launch, judge, picture } = require("./look.cjs");

const { values: given } = parseArgs({ options: Object.fromEntries(
  ["out", "chromium", "archive", "letters", "preview", "desk"].map((name) => [name, { type: "string" }])) });

const AT_ONCE = 2;

// Rules that say nothing here, each with its reason.
const LEFT_OUT = {
  page: {},
  preview: {},
  desk: {},
  feed: {},
  mail: {
    "landmark-one-main": "mail programs take `main` away, and show the mail inside a page of their own",
    "region": "the same: landmarks belong to the mail program",
  },
};

const TYPES = { ".html": "text/html; charset=utf-8", ".css": "text/css", ".png": "image/png", ".jpg": "image/jpeg",
  ".svg": "image/svg+xml", ".xml": "application/xml", ".json": "application/json", ".txt": "text/plain", ".webp": "image/webp",
  ".gif": "image/gif" };

function filesBelow(folder, ending) {
  return fs.readdirSync(folder, { recursive: true }).map(String).filter((name) => name.endsWith(ending)).sort();
}

// The address that the archive's pages have on the web, as its front page says it.
function baseUrl() {
  const front = fs.readFileSync(path.join(given.archive, "index.html"), "utf8");
  return front.match(/<link rel="alternate" type="application\/rss\+xml"[^>]*href="([^"]*)feed\.xml"/)[1];
}

function documents(base) {
  const found = [];
  for (const file of filesBelow(given.archive, ".html")) {
    const text = fs.readFileSync(path.join(given.archive, file), "utf8");
    // A page that only leads on is gone before anybody sees it.
    if (/http-equiv="?refresh/i.test(text)) continue;
    found.push({ kind: "page", name: file.replace(/\/?index\.html$/, "") || "front", url: base + file });
  }
  for (const file of filesBelow(given.archive, ".xml")) {
    if (!path.basename(file).startsWith("sitemap")) found.push({ kind: "feed", name: file, url: base + file });
  }
  for (const file of filesBelow(given.letters, ".html")) {
    const title = fs.readFileSync(path.join(given.letters, file), "utf8").match(/<title>([^<]*)/);
    const name = (title ? title[1] : file).toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-");
    found.push({ kind: "mail", name, url: "https://mail.invalid/" + file });
  }
  for (const view of ["mail", "text", "web", "feed", "message"]) {
    found.push({ kind: "preview", name: view, url: `${given.preview}?view=${view}` });
  }
  found.push({ kind: "desk", name: "desk", url: given.desk });
  return found;
}

async function answer(route, base) {
  const url = new URL(route.request().url());
  const whole = url.origin + url.pathname;
  const folder = whole.startsWith(base) ? [given.archive, base]
    : whole.startsWith("https://mail.invalid/") ? [given.letters, "https://mail.invalid/"] : null;
  if (folder) {
    let file = path.join(folder[0], decodeURIComponent(whole.slice(folder[1].length)));
    if (fs.existsSync(file) && fs.statSync(file).isDirectory()) file = path.join(file, "index.html");
    if (!fs.existsSync(file)) return route.fulfill({ status: 404, body: "" });
    return route.fulfill({ body: fs.readFileSync(file), contentType: TYPES[path.extname(file)] || "application/octet-stream" });
  }
  if (whole.startsWith(given.preview) || whole.startsWith(given.desk)) return route.continue();
  return route.abort();
}

async function keep(page, name) {
  await picture(page, path.join(given.out, name));
  return name;
}

async function visit(pages, document) {
  const problems = [];
  const pictures = [];
  for (const [scheme, page] of Object.entries(pages)) {
    await page.setViewportSize({ width: WIDE, height: 900 });
    await page.goto(document.url, { waitUntil: "load" });
    const file = `${document.kind}-${document.name.replace(/[^\p{L}\p{N}]+/gu, "-")}`;
    for (const width of [WIDE, NARROW]) {
      await page.setViewportSize({ width, height: 900 });
      const told = await judge(page, Object.keys(LEFT_OUT[document.kind]));
      problems.push(...told.map((text) => `${document.url}, ${scheme}, ${width} pixels: ${text}`));
      if (width === WIDE) pictures.push(await keep(page, `${file}-desktop-${scheme}.png`));
    }
    await page.setViewportSize({ width: PHONE, height: 800 });
    pictures.push(await keep(page, `${file}-phone-${scheme}.png`));
  }
  return { problems, pictures };
}

// A sheet on which a person sees all pictures at once.
function writeSheet(sheets) {
  const rows = sheets.map(({ document, pictures }) => `<h2>${document.kind} ${document.name}</h2>\n<p>` +
    pictures.sort().map((name) => `<a href="${name}"><img src="${name}" alt="${name}" loading="lazy"></a>`).join("\n") + "</p>");
  fs.writeFileSync(path.join(given.out, "index.html"), `<!DOCTYPE html>\n<meta charset="utf-8">\n<title>Screenshots</title>\n` +
    `<style>body { font-family: sans-serif } img { height: 420px; border: 1px solid #999; vertical-align: top }</style>\n${rows.join("\n")}\n`);
}

(async () => {
  fs.mkdirSync(given.out, { recursive: true });
  const base = baseUrl();
  const all = documents(base);
  const waiting = [...all];
  const browser = await launch(given.chromium);
  const sheets = [];
  const problems = [];
  async function work() {
    const pages = {};
    for (const colorScheme of ["light", "dark"]) {
      const context = await browser.newContext({ colorScheme, reducedMotion: "reduce" });
      await context.route("**/*", (route) => answer(route, base));
      pages[colorScheme] = await context.newPage();
    }
    for (let document = waiting.shift(); document; document = waiting.shift()) {
      const seen = await visit(pages, document);
      problems.push(...seen.problems);
      sheets.push({ document, pictures: seen.pictures });
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  await browser.close();
  sheets.sort((one, other) => all.indexOf(one.document) - all.indexOf(other.document));
  writeSheet(sheets);
  for (const problem of problems) console.error(problem);
  const count = (kind) => all.filter((document) => document.kind === kind).length;
  console.log(`${count("page")} pages, ${count("feed")} feeds, ${count("mail")} mails and ${count("preview")} views of the preview and the desk, light and dark, ` +
    `${WIDE} and ${NARROW} pixels: ${problems.length} problems`);
  console.log(`${sheets.flatMap((sheet) => sheet.pictures).length} pictures in ${given.out}`);
  process.exit(problems.length ? 1 : 0);
})().catch((error) => { console.error(error); process.exit(1); });
