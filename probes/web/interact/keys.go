package interact

import (
	"regexp"
	"slices"
	"strconv"

	"github.com/chromedp/cdproto/domdebugger"
	"github.com/sonde-fleet/sonde/probes/web/browser"
)

func itoa(n int) string { return strconv.Itoa(n) }

// single is what a handler compares a key with: one printable character.
var single = regexp.MustCompile(`(?:\.key|\.code|key)\s*={2,3}\s*['"]([^'"\s]|Key[A-Z]|Digit\d)['"]|['"]([^'"\s])['"]\s*={2,3}\s*\w+\.key|case\s*['"]([^'"\s])['"]\s*:`)

// keys tries the page's own shortcuts of one character (WCAG 2.1.4) and the elements whose only listener is the mouse's
// (2.1.1): Chrome says which listeners there are, inline or not.
func (x *try) keys() error {
	if err := x.shortcuts(); err != nil {
		return err
	}
	return x.mouseOnly()
}

func (x *try) shortcuts() error {
	tried := map[string]bool{}
	for _, on := range []string{"window", "document", "document.body"} {
		for _, l := range x.listeners(on) {
			if l.Type != "keydown" && l.Type != "keypress" && l.Type != "keyup" {
				continue
			}
			source := x.source(l)
			for _, m := range single.FindAllStringSubmatch(source, 8) {
				key := m[1] + m[2] + m[3]
				if len(key) > 1 {
					key = string(key[len(key)-1] + 'a' - 'A')
				}
				if tried[key] || len(tried) >= 8 {
					continue
				}
				tried[key] = true
				if _, err := ask[int](x, "blur()"); err != nil {
					return err
				}
				if _, err := ask[int](x, "watch()"); err != nil {
					return err
				}
				if err := x.t.Press(x.ctx, key, false); err != nil {
					return err
				}
				x.pause(react)
				acted, err := x.happened()
				if err != nil {
					return err
				}
				if acted {
					root := spot{Selector: "body", Snippet: source}
					off, err := browser.Eval[bool](x.ctx, x.t, `[...document.querySelectorAll("input[type=checkbox],[role=switch],button,a,select")].some(e => sonde.visible(e) && /raccourci|shortcut/i.test(sonde.name(e) + (e.labels ? [...e.labels].map(l => l.textContent).join(" ") : "")))`)
					if err != nil {
						return err
					}
					if off {
						x.review("sonde-character-shortcut", &root, strconv.Quote(key))
					} else {
						x.failed("sonde-character-shortcut", &root, strconv.Quote(key))
					}
				}
			}
		}
	}
	return nil
}

// maxListened is how many elements Chrome is asked about.
const maxListened = 40

// mouseOnly asks Chrome for the listeners of what looks as if it could be clicked and is no control.
func (x *try) mouseOnly() error {
	list, err := browser.Eval[[]spot](x.ctx, x.t, `(() => { const l = [], sig = new Map(); sonde.walk(document.body, e => {
		if (l.length >= `+itoa(maxListened)+` || e.closest("a[href],button,label,summary,select,svg *,[contenteditable],option") || /^(input|textarea|body|html|iframe|video|audio|script|style|form)$/.test(e.localName)) return;
		const pointer = getComputedStyle(e).cursor === "pointer" && !(e.parentElement && getComputedStyle(e.parentElement).cursor === "pointer");
		if (!pointer && !/^(button|link|checkbox|radio|switch|tab|menuitem)$/.test(e.getAttribute("role") || "") && !/\b(btn|button|toggle|clickable|accordion|tab|close|next|prev|slide)\b/i.test((e.getAttribute("class") || "").replace(/[-_]/g, " "))) return;
		if (!sonde.visible(e)) return;
		const s = sonde.describe(e), n = sig.get(s.signature) || 0; if (n >= 3) return; sig.set(s.signature, n + 1);
		l.push({ ...s, focusable: e.tabIndex >= 0 && e.hasAttribute("tabindex"), inside: !!e.querySelector("a[href],button,input,select,textarea,[tabindex],summary") }) }); return l })()`)
	if err != nil {
		return err
	}
	for i := range list {
		s := &list[i]
		kinds := map[string]bool{}
		for _, l := range x.listeners("sonde.get(" + itoa(s.Key) + ")") {
			kinds[l.Type] = true
		}
		mouse := kinds["click"] || kinds["mousedown"] || kinds["mouseup"] || kinds["touchstart"] || kinds["pointerdown"]
		keyed := kinds["keydown"] || kinds["keyup"] || kinds["keypress"]
		switch {
		case !mouse || s.Inside:
		case !s.Focusable:
			x.failed("sonde-mouse-only", s, "")
		case !keyed:
			x.failed("sonde-key-does-nothing", s, "")
		case s.Role == "":
			x.failed("sonde-control-unnamed-role", s, "")
		}
	}
	return nil
}

// listeners returns what Chrome knows of an object's listeners; what cannot be asked has none.
func (x *try) listeners(expression string) []*domdebugger.EventListener {
	id, err := browser.Handle(x.ctx, x.t, expression)
	if err != nil || id == "" {
		return nil
	}
	r, err := browser.Call(x.ctx, x.t, domdebugger.GetEventListeners, domdebugger.GetEventListenersParams{ObjectID: id})
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(r.Listeners, func(l *domdebugger.EventListener) bool { return l == nil })
}

// source is the text of a listener.
func (x *try) source(l *domdebugger.EventListener) string {
	text, err := x.t.ScriptSource(x.ctx, l.ScriptID)
	if err != nil {
		return ""
	}
	return text
}
