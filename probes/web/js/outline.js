// Draws a frame round what was found, for the picture that is kept as evidence. The page has been audited: it may change now.
(boxes => {
  const host = document.createElement("div");
  host.style.cssText = "position:absolute;left:0;top:0;width:0;height:0;z-index:2147483647;pointer-events:none";
  const root = host.attachShadow({ mode: "closed" });
  for (const b of boxes) {
    const d = document.createElement("div");
    d.style.cssText = `position:absolute;box-sizing:border-box;left:${b.x - 3}px;top:${b.y - 3}px;width:${b.w + 6}px;height:${b.h + 6}px;` +
      (b.failed ? "border:3px solid #c00" : "border:3px dashed #06c");
    const n = document.createElement("span");
    n.textContent = b.n;
    n.style.cssText = `position:absolute;left:-3px;top:-3px;font:bold 12px/16px sans-serif;color:#fff;padding:0 4px;background:${b.failed ? "#c00" : "#06c"}`;
    d.append(n);
    root.append(d);
  }
  document.documentElement.append(host);
})
