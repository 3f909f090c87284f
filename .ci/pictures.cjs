// Takes the pictures of the README from a running preview: pictures.cjs CHROMIUM URL FOLDER
"use strict";

const fs = require("fs");
const { chromium } = require("playwright-core");

const [program, url, folder] = process.argv.slice(2);
const LARGEST = 60 * 1024;
const ISSUE = "2026-10-13-the-archive-is-a-library";
const PAGE = `web/light/on/${ISSUE}/issues/the-archive-is-a-library/index.html`;

// Everything is shown at the width of a README's column or of half of it.
const PICTURES = [
  { name: "mail-light", path: "mail?schemes=light", width: 480, height: 560, scale: 0.75 },
  { name: "mail-dark", path: "mail?schemes=dark", width: 480, height: 560, scale: 0.75 },
  { name: "page", path: PAGE, width: 480, height: 560, scale: 0.75 },
  { name: "page-dark", path: PAGE.replace("light", "dark"), width: 480, height: 560, scale: 0.75 },
  { name: "preview", path: `?issue=${ISSUE}`, width: 1200, height: 700, scale: 0.5 },
];

(async () => {
  fs.mkdirSync(folder, { recursive: true });
  const browser = await chromium.launch({ executablePath: program, args: ["--no-sandbox", "--disable-gpu",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"] });
  for (const { name, path, width, height, scale } of PICTURES) {
    const page = await browser.newPage({ viewport: { width, height }, deviceScaleFactor: scale || 1 });
    await page.goto(url + path, { waitUntil: "load" });
    // The time that it took is another one on every machine.
    await page.evaluate(() => { const words = document.querySelector("#status .words"); if (words) words.textContent = "Up to date"; });
    await page.waitForTimeout(300);
    const file = `${folder}/${name}.png`;
    await page.screenshot({ path: file });
    await page.close();
    if (fs.statSync(file).size > LARGEST) throw new Error(`${file} has more than ${LARGEST} bytes`);
  }
  await browser.close();
})().catch((error) => { console.error(error); process.exit(1); });
