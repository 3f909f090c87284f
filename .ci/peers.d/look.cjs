// What the stages with a browser share: the browser, axe-core's judgement of a page, pictures.
"use strict";

const fs = require("fs");
const { chromium } = require("playwright-core");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const WIDE = 1280;
const NARROW = 320;
const PHONE = 375;
const TALLEST_PICTURE = 12000;

// A browser that asks nobody outside of this machine by itself.
function launch(executablePath) {
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"] });
}

// What axe-core finds wrong with a page as it is shown now, and whether it must be scrolled sideways.
async function judge(page, leftOut = []) {
  await page.evaluate(axe);
  const violations = await page.evaluate(async (leftOut) => {
    const rules = Object.fromEntries(leftOut.map((rule) => [rule, { enabled: false }]));
    // What is in frames is judged as a document of its own.
    const result = await window.axe.run(window.document, { rules, iframes: false, resultTypes: ["violations"] });
    return result.violations.map((one) => ({ id: one.id, help: one.help,
      nodes: one.nodes.slice(0, 3).map((node) => `${node.target.join(" ")}: ${node.failureSummary.replace(/\s+/g, " ")}`), count: one.nodes.length }));
  }, leftOut);
  const told = violations.map((one) => `${one.id}: ${one.help} (${one.count})\n    ${one.nodes.join("\n    ")}`);
  const [scroll, inner] = await page.evaluate(() => [window.document.documentElement.scrollWidth, window.innerWidth]);
  if (scroll > inner) told.push(`must be scrolled sideways: ${scroll} pixels in a window of ${inner}`);
  return told;
}

// A picture of the whole page; of a feed, which is no HTML and has no height of its own, what a window shows.
async function picture(page, file) {
  if (!await page.evaluate(() => window.document instanceof window.HTMLDocument)) {
    const session = await page.context().newCDPSession(page);
    const { data } = await session.send("Page.captureScreenshot", { format: "png" });
    await session.detach();
    return fs.writeFileSync(file, Buffer.from(data, "base64"));
  }
  const height = await page.evaluate(() => window.document.documentElement.scrollHeight);
  const width = page.viewportSize().width;
  await page.screenshot({ path: file, fullPage: true, clip: { x: 0, y: 0, width, height: Math.min(height, TALLEST_PICTURE) } });
}

module.exports = { WIDE, NARROW, PHONE, launch, judge, picture };
