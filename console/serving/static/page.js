// Starts the terminal when its font is there, and says why it closed.
"use strict";

const FONTS = ['14px "Roboto Mono"', 'bold 14px "Roboto Mono"', 'italic 14px "Roboto Mono"'];

const closed = document.getElementById("closed");
const terminal = document.getElementById("terminal");
const socketAddress = new URL("/ws", location.href);
socketAddress.protocol = location.protocol === "https:" ? "wss:" : "ws:";
terminal.dataset.sessionWebsocketUrl = socketAddress.href;

function tellWhy(event) {
  const known = event.code !== 1006 && event.reason;
  const why = known ? event.reason : "the connection was lost, or the server stopped";
  document.getElementById("why").textContent = `${why[0].toUpperCase()}${why.slice(1)}.`;
  terminal.replaceChildren();
  closed.hidden = false;
  document.getElementById("again").focus();
}

// The terminal opens its own connection and keeps it to itself.
window.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    this.addEventListener("close", tellWhy);
  }
};

function focusOnceShown() {
  const watching = new MutationObserver(() => {
    if (document.body.classList.contains("-first-byte")) {
      watching.disconnect();
      terminal.querySelector("textarea")?.focus();
    }
  });
  watching.observe(document.body, { attributeFilter: ["class"] });
}

async function start() {
  await Promise.allSettled(FONTS.map((font) => document.fonts.load(font)));
  const script = document.createElement("script");
  script.src = "/static/terminal.js";
  script.addEventListener("load", () => {
    focusOnceShown();
    window.onload(new Event("load"));
  });
  document.body.append(script);
}

document.getElementById("again").addEventListener("click", () => location.reload());
// Not before the page's own load event: the terminal would start twice.
window.addEventListener("load", start, { once: true });
