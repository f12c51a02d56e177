// Scripts in the page that reload it, or lead away, when a time is over (WCAG 2.2.1, RGAA 13.1). They are read, not run: a
// timer that something a person does starts is none of these, and one that stands in a condition a person must look at.
(() => {
  const most = 200000;
  // mask blanks out what is no code, character for character, so that places in it are places in the source.
  const mask = s => {
    let out = "", i = 0, before = "";
    const blank = to => { out += s.slice(i, to).replace(/[^\n]/g, " "); i = to };
    while (i < s.length) {
      const c = s[i];
      if (s.startsWith("//", i)) { const n = s.indexOf("\n", i); blank(n < 0 ? s.length : n) }
      else if (s.startsWith("/*", i)) { const n = s.indexOf("*/", i + 2); blank(n < 0 ? s.length : n + 2) }
      else if (c === "'" || c === '"' || c === "`" || c === "/" && /^$|[(,=:[!&|?{};]/.test(before)) {
        let n = i + 1, inSet = false;
        for (; n < s.length; n++) {
          if (s[n] === "\\") { n++; continue }
          if (c === "/" && s[n] === "[") inSet = true; else if (s[n] === "]") inSet = false;
          if (s[n] === c && !inSet || s[n] === "\n" && c !== "`") break;
        }
        out += c; i++; blank(Math.min(n, s.length)); if (i < s.length) { out += s[i]; i++ }
        before = c;
      } else { out += c; if (!/\s/.test(c)) before = c; i++ }
    }
    return out;
  };
  const pairs = code => {
    const open = [], to = new Map();
    for (let i = 0; i < code.length; i++) { if ("([{".includes(code[i])) open.push(i); else if (")]}".includes(code[i])) { const o = open.pop(); if (o === undefined) return null; to.set(o, i) } }
    return to;
  };
  // leaves says whether code loads another page or this one again. The code is masked: addresses are in the source.
  const leaving = /(?<![\w$.])(?:(?:window|document|self|top|parent)\.)?location(?:\.(?:reload|replace|assign)\s*\(|(?:\.href)?\s*=(?![=>]))|(?<![\w$.])(?:window\.)?history\.go\s*\(\s*0?\s*\)|(?<![\w$])location\.reload\s*\(/g;
  const leaves = (code, source, from, to) => {
    for (const m of code.slice(from, to).matchAll(leaving)) {
      const at = from + m.index, rest = source.slice(at + m[0].length, at + m[0].length + 200);
      if (/\b(var|let|const)\s+$/.test(code.slice(Math.max(0, at - 8), at))) continue;
      // A place on this page, a file that is put away, a letter: the page stays.
      if (/^\s*['"`](#|mailto:|tel:|blob:|data:|javascript:|[^'"`]*\.(pdf|zip|docx?|xlsx?|csv|od[tsp]|exe|dmg|apk|ics|mp[34])['"`?])/i.test(rest)) continue;
      return at;
    }
    return -1;
  };
  const number = (s, code) => {
    s = s.trim();
    if (/^[\d\s.*+()_e]+$/i.test(s) && /\d/.test(s)) return s.replace(/[_()\s]/g, "").split("+").reduce((t, p) => t + p.split("*").reduce((a, b) => a * parseFloat(b), 1), 0);
    const name = /^[\w$]+$/.test(s) && new RegExp("(?<![\\w$.])" + s.replace(/\$/g, "\\$") + "\\s*=\\s*([\\d\\s.*+_]+)[;,\\n]").exec(code);
    return name ? number(name[1], "") : NaN;
  };
  const body1 = (code, to, name) => {
    const n = name.replace(/\$/g, "\\$"), m = new RegExp("(?<![\\w$.])(?:function\\s+" + n + "\\s*\\(|" + n + "\\s*=\\s*(?:async\\s*)?(?:function\\b[^(]*)?\\()").exec(code);
    if (!m) return null;
    const paren = m.index + m[0].length - 1, brace = to.has(paren) ? code.indexOf("{", to.get(paren)) : -1;
    return brace > 0 && to.has(brace) && /^[\s=>]*$/.test(code.slice(to.get(paren) + 1, brace)) ? [brace, to.get(brace)] : null;
  };
  // runs says whether what stands at a place runs when the page has loaded, by itself: "yes", "maybe" in a condition, "no".
  const runs = (code, source, to, at, deep) => {
    let sure = "yes", start = at;
    // The statement before it: behind an arrow somebody else decides when, behind a condition it may never run.
    for (; start > 0 && !/[;{}]/.test(code[start - 1]); start--) if (code[start - 1] === "\n" && !/[=>&|?:,([)+]$/.test(code.slice(Math.max(0, start - 200), start).trimEnd())) break;
    const statement = code.slice(start, at);
    if (/=>/.test(statement) && !/(['"`](load|DOMContentLoaded|pageshow)['"`]\s*,|\.onload\s*=|\bready\(|(\$|jQuery)\()\s*(\(\s*\w*\s*\)|\w+)\s*=>\s*$/.test(source.slice(start, at))) return "no";
    if (/(?<![\w$])(if|while|for|else|case)(?![\w$])|&&|\|\||\?/.test(statement)) sure = "maybe";
    for (const [o, c] of to) {
      if (code[o] !== "{" || o > at || c < at) continue;
      const head = code.slice(Math.max(0, o - 300), o).trimEnd();
      if (/(?<![\w$])(else|do|try|finally)$/.test(head) || head === "" || /[;{}]$/.test(head)) { if (/else$/.test(head)) sure = "maybe"; continue }
      // The word before the parameters or the condition.
      let p = head.endsWith("=>") ? head.slice(0, -2).trimEnd() : head;
      const end = o - (code.slice(Math.max(0, o - 300), o).length - p.length);
      const paren = p.endsWith(")") ? [...to].find(([a, b]) => b === end - 1 && code[a] === "(") : null;
      const before = code.slice(Math.max(0, (paren ? paren[0] : end) - 200), paren ? paren[0] : end).trimEnd();
      if (!head.endsWith("=>") && /(?<![\w$.])(if|for|while|with|switch)$/.test(before)) { sure = "maybe"; continue }
      if (/(?<![\w$.])catch$/.test(before)) return "no";
      // A function: who calls it?
      const lead = source.slice(Math.max(0, (paren ? paren[0] : end) - 200), paren ? paren[0] : end);
      const intro = (paren ? lead : lead.replace(/[\w$]+\s*$/, "")).replace(/(async\s*)?(function\s*\*?\s*[\w$]*\s*)?$/, "").trimEnd();
      const named = /(?<![\w$.])function\s+([\w$]+)$/.exec(before) || /(?<![\w$.])([\w$]+)\s*=\s*(?:async\s*)?(?:function\s*)?$/.exec(before);
      if (/(addEventListener\(\s*['"`](load|DOMContentLoaded|pageshow)['"`]\s*,|(window|body|document)\.onload\s*=|\bready\(|(?:\$|jQuery)\(|\.on\(\s*['"`](load|ready)['"`]\s*,)$/.test(intro)) continue;
      if (/(^|[;{}(!+~-])$/.test(before.replace(/(async\s*)?function\s*\*?\s*$/, "").trimEnd()) && /^\s*\)?\s*(\.call)?\s*\(/.test(code.slice(c + 1))) continue; // called where it stands
      if (/(setTimeout|setInterval|requestAnimationFrame)\($/.test(intro)) continue;
      if (!named || deep > 3) return "no";
      const call = new RegExp("(?<![\\w$.])" + named[1].replace(/\$/g, "\\$") + "\\s*\\(", "g");
      let best = "no";
      for (const m of [...code.matchAll(call)].slice(0, 20)) {
        if (m.index > o && m.index < c || /function\s*$/.test(code.slice(Math.max(0, m.index - 12), m.index))) continue;
        const r = runs(code, source, to, m.index, (deep || 0) + 1);
        if (r === "yes" || r === "maybe" && best === "no") best = r;
      }
      if (best === "no" && new RegExp("(addEventListener\\(\\s*['\"`](load|DOMContentLoaded)['\"`]\\s*,\\s*|\\.onload\\s*=\\s*)" + named[1].replace(/\$/g, "\\$") + "\\b").test(source)) best = "yes";
      if (best === "no") return "no";
      if (best === "maybe") sure = "maybe";
    }
    return sure;
  };
  const inspect = (source, e) => {
    if (!/set(Timeout|Interval)/.test(source) || !/location|history/.test(source) || source.length > most) return;
    const code = mask(source), to = pairs(code);
    if (!to) return;
    for (const m of code.matchAll(/(?<![\w$.])(?:window\.|self\.)?set(Timeout|Interval)\s*\(/g)) {
      const open = m.index + m[0].length - 1, close = to.get(open);
      if (close === undefined) continue;
      // The arguments at the top of the call.
      const cuts = [open];
      for (let i = open + 1; i < close; i++) { if (to.has(i)) i = to.get(i); else if (code[i] === ",") cuts.push(i) }
      cuts.push(close);
      const first = [cuts[0] + 1, cuts[1]], raw = source.slice(...first).trim();
      const delay = cuts.length > 2 ? number(code.slice(cuts[1] + 1, cuts[2]), code) : 0;
      let inner = null, inCondition = false;
      const text = /^(['"`])([\s\S]*)\1$/.exec(raw);
      if (text) { if (leaves(text[2], text[2], 0, text[2].length) < 0) continue }
      else {
        inner = /^[\w$]+$/.test(raw) ? body1(code, to, raw) : first;
        // location.reload.bind(location), or the method itself.
        if (/location\.reload(\.bind\(|$)/.test(raw)) inner = null;
        else {
          const at = inner ? leaves(code, source, ...inner) : -1;
          if (at < 0) continue;
          const lead = code.slice(inner[0], at);
          inCondition = /(?<![\w$.])(if|while|switch|return)(?![\w$])|\?|&&|\|\|/.test(lead.replace(/return\s*$/, ""));
          // In a handler that the timer only sets up, nothing leaves by itself.
          if (/addEventListener|\.on\w*\s*=|\.on\s*\(|\.then\s*\(|\.click\s*\(|\bconfirm\s*\(/.test(lead)) continue;
        }
      }
      const when = runs(code, source, to, m.index, 0);
      if (when === "no" || delay <= 100) continue; // at once: a redirection, which is not waited for
      const stops = /clear(Timeout|Interval)\s*\(/.test(code);
      const said = isNaN(delay) ? "" : `${m[1] === "Interval" ? "every " : ""}${+(delay / 1000).toFixed(1)} s`;
      if (when === "maybe" || inCondition || stops || isNaN(delay) || delay > 20 * 3600 * 1000) doubt("sonde-timed-reload", e, said); else report("sonde-timed-reload", e, said);
      return;
    }
  };
  for (const s of inlineScripts) attempt(() => inspect(s.textContent, s), null);
  if (body.getAttribute("onload")) attempt(() => inspect(body.getAttribute("onload"), body), null);
})();
