// Puts what changes into the page: parts of it come as events, made and escaped by the worker.
"use strict";
(() => {
  const said = document.getElementById("live");
  const moment = () => new Date().toISOString().slice(11, 19) + " UTC";
  const say = (text) => {
    if (said.textContent !== text) said.textContent = text;
  };

  // What somebody has unfolded, scrolled to or is at stays so.
  const kept = (part) => {
    const all = (selector) => [...part.querySelectorAll(selector)];
    const open = all("details").map((each) => each.open);
    const left = all(".scroll").map((each) => each.scrollLeft);
    const focused = all("a, summary, [tabindex]").indexOf(document.activeElement);
    return () => {
      all("details").forEach((each, at) => (each.open = Boolean(open[at])));
      all(".scroll").forEach((each, at) => (each.scrollLeft = left[at] || 0));
      all("a, summary, [tabindex]")[focused]?.focus({ preventScroll: true });
    };
  };

  const isMarked = (part) => {
    const marked = document.getSelection();
    return marked && !marked.isCollapsed && part.contains(marked.anchorNode);
  };

  const later = new Map(); // parts in which somebody marks text
  const put = (name, text) => {
    const part = document.getElementById("part-" + name);
    if (!part) return;
    if (isMarked(part)) {
      later.set(name, text);
      return;
    }
    later.delete(name);
    const restore = kept(part);
    part.innerHTML = text;
    restore();
    const title = part.querySelector("[data-title]");
    if (title) document.title = title.dataset.title;
  };
  document.addEventListener("selectionchange", () => {
    if (document.getSelection().isCollapsed) for (const each of [...later]) put(...each);
  });

  const source = new EventSource("/events");
  source.addEventListener("parts", (event) => {
    for (const [name, text] of Object.entries(JSON.parse(event.data))) put(name, text);
    document.body.classList.remove("stale");
    say("Live.");
  });
  source.addEventListener("error", () => {
    if (!document.body.classList.contains("stale")) {
      document.body.classList.add("stale");
      say("No connection since " + moment() + ": this is how it was then.");
    }
    // refused: too many look on, or the token is another by now
    if (source.readyState === EventSource.CLOSED) {
      setTimeout(() => location.reload(), 10000);
    }
  });
})();
