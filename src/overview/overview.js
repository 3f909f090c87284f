"use strict";
(() => {
  const content = document.getElementById("content");
  const status = document.querySelector(".status");
  const told = status.querySelector(".told");
  // While an issue goes out it is looked at more often.
  const pause = () => content.querySelector(".at strong") ? 2000 : 10000;

  const tell = (kind, text) => {
    if (status.dataset.kind === kind) return;
    status.dataset.kind = kind;
    told.textContent = text;
  };

  const replace = (html) => {
    const open = [...content.querySelectorAll("details")].map((one) => one.open);
    content.innerHTML = html;
    content.querySelectorAll("details").forEach((one, at) => { one.open = open[at] ?? false; });
  };

  const look = async () => {
    try {
      const answer = await fetch("/content", { cache: "no-store" });
      if (!answer.ok) throw new Error(answer.statusText);
      const html = await answer.text();
      // Whoever reads or marks a part of it is not disturbed.
      const busy = content.contains(document.activeElement) && document.activeElement !== document.body;
      if (!busy && !String(getSelection())) replace(html);
      tell("good", "shows how it is now");
    } catch {
      tell("lost", "`postrider desk` does not answer: this is how it was");
    }
    setTimeout(look, document.hidden ? 60000 : pause());
  };
  setTimeout(look, pause());

})();
