// Keeps the page true: what the server tells of is fetched and put in the place of what was shown.
// Without this script every link and form still works, and a reload shows the newest state.
(() => {
  "use strict";
  let turn = 0;
  let source = null;

  const regions = (root) => new Map([...root.querySelectorAll("[data-region]")].map((one) => [one.dataset.region, one]));

  function say(words, kind) {
    const status = document.getElementById("status");
    status.dataset.kind = kind;
    status.querySelector(".words").textContent = words;
  }

  // A frame is as high as its document, so that the page scrolls and the frame does not.
  function fit(frame) {
    const inside = frame.contentDocument;
    if (!inside || !inside.body) return;
    frame.style.height = "0";
    frame.style.height = Math.max(80, inside.documentElement.scrollHeight) + "px";
  }

  function follow(frame) {
    frame.addEventListener("load", () => fit(frame));
    if (frame.contentDocument && frame.contentDocument.readyState === "complete") fit(frame);
  }

  // Shows the new document when it is there; until then the old one stays, so that nothing flickers.
  function renew(old, fresh) {
    return new Promise((done) => {
      const frame = fresh.cloneNode();
      frame.classList.add("coming");
      frame.addEventListener("load", () => {
        fit(frame);
        old.remove();
        frame.classList.remove("coming");
        done();
      }, { once: true });
      frame.addEventListener("load", () => fit(frame));
      old.after(frame);
    });
  }

  const keys = (root) => [...root.querySelectorAll("[data-key]")].map((one) => one.dataset.key).join(" ");

  async function renewPanel(shown, fresh) {
    const same = keys(shown) && keys(shown) === keys(fresh);
    if (!same) {
      shown.replaceWith(fresh);
      fresh.querySelectorAll("iframe").forEach(follow);
      return;
    }
    for (const part of fresh.children) {
      if (part.classList.contains("frames")) continue;
      const selector = part.classList.length ? "." + part.classList[0] : null;
      const before = selector && shown.querySelector(":scope > " + selector);
      if (before && before.outerHTML !== part.outerHTML) before.replaceWith(part.cloneNode(true));
    }
    const waiting = [];
    for (const frame of fresh.querySelectorAll("[data-key]")) {
      const before = shown.querySelector(`[data-key="${CSS.escape(frame.dataset.key)}"]`);
      before.querySelector("figcaption").replaceWith(frame.querySelector("figcaption"));
      const old = before.querySelector("iframe:not(.coming)");
      before.querySelectorAll("iframe.coming").forEach((one) => one.remove());
      const next = frame.querySelector("iframe");
      if (old.getAttribute("src") !== next.getAttribute("src")) waiting.push(renew(old, next));
    }
    await Promise.all(waiting);
  }

  async function show(url, remember) {
    const mine = ++turn;
    say("Bringing the new state …", "busy");
    let next;
    try {
      const answer = await fetch(url, { headers: { Accept: "text/html" } });
      if (!answer.ok) throw new Error(String(answer.status));
      // The style is here already, and the policy of this page does not know the nonce of that one.
      const text = (await answer.text()).replace(/<style[^]*?<\/style>/, "");
      next = new DOMParser().parseFromString(text, "text/html");
    } catch {
      if (mine === turn) lost();
      return;
    }
    if (mine !== turn) return;
    if (remember) history.pushState(null, "", url);
    document.title = next.title;
    const focused = document.activeElement ? document.activeElement.id : "";
    const open = new Set([...document.querySelectorAll("details[open]")].map((one) => one.id));
    const shown = regions(document);
    let panel = null;
    for (const [name, fresh] of regions(next)) {
      const old = shown.get(name);
      if (name === "panel") panel = [old, fresh];
      else if (old.outerHTML !== fresh.outerHTML) old.replaceWith(fresh);
    }
    for (const one of next.querySelectorAll("details")) one.open = open.has(one.id);
    const events = document.body.dataset.events;
    document.body.dataset.state = next.body.dataset.state;
    document.body.dataset.events = next.body.dataset.events;
    document.body.classList.remove("lost");
    if (panel) await renewPanel(...panel);
    const again = focused && document.getElementById(focused);
    if (again && document.activeElement !== again) again.focus({ preventScroll: true });
    if (events !== document.body.dataset.events) listen();
  }

  function lost() {
    document.body.classList.add("lost");
    say("Not connected: what is shown may be old. Is `postrider preview` still running?", "lost");
  }

  function listen() {
    if (source) source.close();
    source = new EventSource(document.body.dataset.events);
    source.addEventListener("state", (event) => {
      if (event.data !== document.body.dataset.state || document.body.classList.contains("lost")) show(location.href, false);
    });
    source.addEventListener("error", lost);
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='/?']");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    show(link.href, true);
  });
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form.choose");
    if (form) show("/?" + new URLSearchParams(new FormData(form)), true);
  });
  document.addEventListener("submit", (event) => {
    event.preventDefault();
    show("/?" + new URLSearchParams(new FormData(event.target)), true);
  });
  window.addEventListener("popstate", () => show(location.href, false));

  // An issue that cannot be read for a moment is not to be replaced by another one.
  if (!location.search && document.body.dataset.here) history.replaceState(null, "", document.body.dataset.here);
  document.querySelectorAll("iframe").forEach(follow);
  listen();
})();
