// What every check of ours shares. The files of this folder are joined in the order of their names and run in one function,
// in our own world of the page, behind axe-core, whose computation of names, roles and visibility they use.
const MOST = 40; // findings of one rule on one page
const out = { findings: [], texts: [], counts: {} };
axe.teardown();
const tree = axe.setup(document);
const { text: axeText, dom: axeDOM, aria: axeARIA } = axe.commons;

const squeeze = s => (s || "").replace(/[\s\u00a0\u200b-\u200d\ufeff]+/g, " ").trim();
const memo = f => { const m = new WeakMap(); return e => { let v = m.get(e); if (v === undefined) { v = f(e); m.set(e, v) } return v } };
const attempt = (f, otherwise) => { try { return f() } catch (e) { return otherwise } };

// all returns the elements that match, in shadow trees too, in document order.
const all = selector => attempt(() => axe.utils.querySelectorAll(tree, selector).map(v => v.actualNode).filter(n => n && n.nodeType === 1), []);
// What cannot be asked for its style (a page may replace what it likes) looks like the page itself.
const style = memo(e => attempt(() => getComputedStyle(e), null) || getComputedStyle(document.documentElement));
// seen: a person with eyes sees it. heard: a screen reader reads it.
const seen = memo(e => attempt(() => axeDOM.isVisibleOnScreen(e), false));
const heard = memo(e => attempt(() => axeDOM.isVisibleToScreenReaders(e), false));
const role = memo(e => attempt(() => axeARIA.getRole(e), null) || "");
const name = memo(e => squeeze(attempt(() => axeText.accessibleText(e), "")));
const shown = memo(e => squeeze(attempt(() => axeText.visible(e, true), e.textContent)));
const box = e => { const r = e.getBoundingClientRect(); return { x: r.left + scrollX, y: r.top + scrollY, w: r.width, h: r.height } };
const focusable = memo(e => attempt(() => axeDOM.isFocusable(e), false));
const interactive = memo(e => /^(a|button|input|select|textarea|summary|audio|video)$/.test(e.localName) && (e.localName !== "a" || e.hasAttribute("href")) ||
  /^(button|link|checkbox|radio|tab|menuitem|menuitemcheckbox|menuitemradio|option|switch|slider|spinbutton|combobox|textbox|searchbox|treeitem|gridcell)$/.test(role(e)) ||
  e.isContentEditable);
const words = s => (s.match(/[\p{L}\p{N}]+/gu) || []).length;
const selectorOf = e => attempt(() => [].concat(axe.utils.getSelector(e)).join(" >>> "), e.localName);
const declared = e => { for (let x = e; x; x = x.parentElement || (x.getRootNode() && x.getRootNode().host)) { const l = x.getAttribute && (x.getAttribute("lang") || x.getAttribute("xml:lang")); if (l !== null && l !== undefined && l !== "") return l } return "" };

const place = e => {
  const r = e.isConnected ? box(e) : null;
  const source = e.outerHTML || "";
  return { selector: selectorOf(e), snippet: source.slice(0, 600), rect: r && r.w && r.h ? r : null };
};
// report notes a finding. doubt makes it one that a person must judge.
const report = (rule, e, detail, doubt) => {
  const n = out.counts[rule] = (out.counts[rule] || 0) + 1;
  if (n <= MOST) out.findings.push({ rule, outcome: doubt ? "review" : "failed", detail: detail ? squeeze(String(detail)).slice(0, 200) : "", ...place(e) });
};
const doubt = (rule, e, detail) => report(rule, e, detail, true);
// tell hands a text to the judgements that are made outside the page.
const tell = (kind, e, text, more) => {
  if (out.texts.length < 4000 && text) out.texts.push({ kind, text: text.slice(0, 2000), lang: declared(e), ...place(e), ...(more || {}) });
};
// listens says whether an inline handler or, where the driver has looked, a listener of the page is on the element.
const marked = (window.__sondeListeners || null);
const listens = (e, ...kinds) => kinds.some(k => e.hasAttribute("on" + k) || (marked && marked.get(e) && marked.get(e).includes(k)));
const body = document.body || document.documentElement;
const textNodes = (root, most) => {
  const list = [], w = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let n = w.nextNode(); n && list.length < most; n = w.nextNode()) if (squeeze(n.data)) list.push(n);
  return list;
};
const isBlock = e => /^(block|flex|grid|table|list-item|flow-root|table-row|table-cell|table-caption)/.test(style(e).display);
const color = s => { const m = /rgba?\(([\d.]+), ([\d.]+), ([\d.]+)(?:, ([\d.]+))?\)/.exec(s); return m ? [+m[1], +m[2], +m[3], m[4] === undefined ? 1 : +m[4]] : null };
// The scripts of the page: the text of those in it, and whether there are others.
const inlineScripts = [...document.querySelectorAll("script:not([src])")].filter(s => !s.type || /javascript|^module$/i.test(s.type));
const pageScripts = { foreign: !!document.querySelector("script[src]"), text: inlineScripts.map(s => s.textContent).join("\n").slice(0, 1000000) };
