// What is done to a control and what comes of it.
Object.assign(sonde, {
  state: k => { const e = get(k); if (!e) return {}; const at = n => [e, ...e.querySelectorAll("*"), e.parentElement].filter(Boolean).map(x => x.getAttribute(n)).find(v => v !== null && v !== undefined) || "";
    return { expanded: at("aria-expanded"), other: !!(at("aria-pressed") || at("aria-selected") || at("aria-checked") || at("aria-current") || e.closest("summary,label,[role=tab],[role=option],[role^=menuitem]")), name: (e.getAttribute("aria-label") || "") + "|" + squeeze(e.innerText) + "|" + e.title } },
  // What has come up with something in it to read or to use, beside the control itself.
  unfolded: k => { const o = get(k), e = appeared().find(x => o && !o.contains(x) && !x.contains(o) && !x.matches("[role=status],[role=alert],[aria-live],[role=status] *,[role=alert] *,[aria-live] *") && (squeeze(x.innerText).length > 1 || x.querySelector("a,button,input,img"))); return e ? describe(e) : null },
  dialogKind: k => { const e = get(k); if (!e) return "";
    const marked = e.matches("dialog,[role=dialog],[role=alertdialog]") ? e : e.closest("dialog,[role=dialog],[role=alertdialog]") || e.querySelector("dialog,[role=dialog],[role=alertdialog]");
    if (marked) return squeeze(marked.getAttribute("aria-label") || marked.title || (marked.getAttribute("aria-labelledby") || "").split(/\s+/).map(i => i && document.getElementById(i)).filter(Boolean).map(x => x.textContent).join(" ")) ? "" : "nameless";
    if (e.closest("nav,header,aside,[role=navigation],[role=menu]") || e.querySelector("nav") || e.matches("[role]")) return "";
    return /\b(modal|lightbox|dialog|dialogue|popup|popin)\b/i.test(called(e)) || /fixed/.test(getComputedStyle(e).position) && [...e.querySelectorAll("button,a,[role=button]")].some(b => /^(×|x|✕|✖|ok)$|fermer|close|annuler|cancel/i.test(name(b))) ? "unmarked" : "unsure" },
  ready: k => new Promise(done => { const e = get(k); if (!e) return done(false); near(e); e.focus(); if (deepActive() !== e) return done(false); setTimeout(() => { watch(); done(true) }, 20) }),
  // What changes the document at once is seen at once; what only a style brings up is looked for when the time is over.
  happened: most => new Promise(done => { const end = performance.now() + most, tick = () => { if (changes) setTimeout(() => done(true), 30); else if (performance.now() >= end) done(appeared().length > 0); else setTimeout(tick, 10) }; tick() }),
  until: (is, most) => new Promise(done => { const end = performance.now() + most, tick = () => is() || performance.now() >= end ? done(is()) : setTimeout(tick, 25); tick() }),
  center: k => { const e = get(k); if (!e) return null; near(e); const r = e.getBoundingClientRect(); return { x: r.left + r.width / 2, y: r.top + r.height / 2, w: r.width, h: r.height } },
  seen: k => { const e = get(k); return !!(e && visible(e)) },
});
