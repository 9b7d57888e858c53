"use strict";

// Shows what the server says about itself. The page is complete without this.
function show(id, text) {
  document.getElementById(id).textContent = text;
}

async function refresh() {
  const response = await fetch("/api/stats", { cache: "no-store" });
  if (!response.ok) {
    return;
  }
  const stats = await response.json();
  show("backend", stats.backend.name);
  show("reason", stats.backend.remedy ? `${stats.backend.reason} (${stats.backend.remedy})` : stats.backend.reason);
  show("uptime", `${Math.floor(stats.uptimeSeconds)} s`);
  show("requests", stats.requests.total.toLocaleString());
  show("connections", `${stats.connections.open} open, ${stats.connections.accepted.toLocaleString()} accepted`);
}

const quietly = () => refresh().catch(() => {}); // the server may be stopping: keep the last figures
quietly();
setInterval(quietly, 2000);
