// Tabs, disclosures and dialogs as the ARIA Authoring Practices describe them.
document.querySelectorAll("[role=tablist]").forEach(list => {
  const tabs = [...list.querySelectorAll("[role=tab]")];
  const choose = tab => tabs.forEach(t => {
    const on = t === tab;
    t.setAttribute("aria-selected", on);
    t.tabIndex = on ? 0 : -1;
    document.getElementById(t.getAttribute("aria-controls")).hidden = !on;
  });
  tabs.forEach((t, i) => {
    t.addEventListener("click", () => choose(t));
    t.addEventListener("keydown", e => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
      if (!step) return;
      const next = tabs[(i + step + tabs.length) % tabs.length];
      choose(next);
      next.focus();
    });
  });
});
document.querySelectorAll("button[aria-expanded]").forEach(b => {
  const panel = document.getElementById(b.getAttribute("aria-controls"));
  const set = open => { b.setAttribute("aria-expanded", open); panel.hidden = !open };
  b.addEventListener("click", () => set(panel.hidden));
  b.parentElement.addEventListener("keydown", e => { if (e.key === "Escape" && !panel.hidden) { set(false); b.focus() } });
});
document.querySelectorAll("[data-ouvre]").forEach(b => {
  const d = document.getElementById(b.dataset.ouvre);
  b.addEventListener("click", () => d.showModal());
  d.querySelectorAll("[data-ferme]").forEach(x => x.addEventListener("click", () => d.close()));
});
