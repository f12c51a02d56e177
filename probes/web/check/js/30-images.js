// Pictures and what stands for them.
(() => {
  const file = s => (s || "").split(/[?#]/)[0].split("/").pop();
  // What a drawing says of itself (title, desc, its texts) does not stand beside it.
  const beside = e => [...(e.parentElement ? e.parentElement.childNodes : [])].filter(x => x !== e && x.localName !== "svg").map(x => x.textContent).join(" ");
  const near = e => { const f = e.closest("figure"), c = f && f.querySelector("figcaption"); return squeeze((c ? c.textContent : "") + " " + beside(e)) };
  for (const e of all("img, input[type=image], area, [role=img], object, embed, canvas, svg, video[poster]")) {
    if (!seen(e) && !heard(e)) continue;
    const b = box(e);
    if (e.localName === "img" || e.localName === "input" || role(e) === "img") {
      const alt = e.getAttribute("alt");
      const n = name(e);
      if (e.localName === "img" && b.w * b.h >= 0 && spacer(e, b)) { report("sonde-spacer-image", e); continue }
      if (n && heard(e)) {
        tell("alt", e, n, { href: file(e.currentSrc || e.src || "") });
        if (n.length > 250) doubt("sonde-alt-long", e, n.length + " characters");
        const caption = near(e).toLowerCase();
        if (words(n) > 2 && caption.includes(n.toLowerCase()) && !e.closest("a,button")) doubt("sonde-alt-repeats", e, n);
      }
      if (alt !== null && !squeeze(alt) && e.localName === "img") {
        if (squeeze(e.getAttribute("title")) || squeeze(e.getAttribute("aria-label")) || e.getAttribute("aria-labelledby")) report("sonde-decorative-named", e);
        else if (b.w >= 150 && b.h >= 100 && e.closest("figure") && e.closest("figure").querySelector("figcaption")) doubt("sonde-figure-without-alt", e);
        else if (b.w >= 120 && b.h >= 80 && !e.closest("a,button")) doubt("sonde-maybe-informative", e);
      }
    } else if (e.localName === "canvas" && b.w >= 50 && b.h >= 30 && !name(e) && !squeeze(e.textContent) && heard(e)) doubt("sonde-canvas-without-text", e);
    else if (e.localName === "svg" && !e.parentElement.closest("svg") && heard(e) && !e.getAttribute("role") && !name(e) && !e.closest("a,button,[role=img],[role=button],[role=link],label") && b.w >= 32 && b.h >= 32) doubt("sonde-svg-without-role", e);
    else if (/^(object|embed)$/.test(e.localName) && heard(e) && !name(e) && !squeeze(e.textContent) && !e.querySelector("img[alt]") && (b.w > 4 || b.h > 4)) report("sonde-object-without-text", e);
  }
  function spacer(e, b) {
    const n = file(e.src).toLowerCase();
    if (/^(spacer|blank|pixel|trans(parent)?|clear(dot)?|shim|empty|vide|1x1|dot_clear)[\w-]*\.(gif|png)$/.test(n)) return true;
    return e.complete && e.naturalWidth > 0 && e.naturalWidth <= 2 && e.naturalHeight <= 2 && (b.w > 4 || b.h > 4);
  }
  // Background pictures that may say something: sized like a picture, alone in an element without text.
  for (const e of all("div, span, a, button, section, p, li, figure, i, em, b, h1, h2, h3, td")) {
    const bg = style(e).backgroundImage;
    if (!/url\(/.test(bg) || !seen(e)) continue;
    const b = box(e);
    if (b.w < 20 || b.h < 20 || squeeze(e.textContent) || name(e) || e.querySelector("img,svg,video,canvas,input") || !heard(e)) continue;
    if (b.w > innerWidth * 0.9 && b.h > innerHeight * 0.5) continue; // scenery
    if (e.matches("a, button, [role=button], [role=link]")) continue; // axe-core: no name
    if (role(e) === "img") continue;
    doubt("sonde-background-image", e);
  }
})();
