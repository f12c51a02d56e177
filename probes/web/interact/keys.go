package interact

import (
	"slices"
	"strconv"
	"strings"

	"github.com/sonde-fleet/sonde/probes/web/browser"
	"github.com/sonde-fleet/sonde/probes/web/finding"
)

func itoa(n int) string { return strconv.Itoa(n) }

// printable are the characters that are tried when the page listens for keys at all.
const printable = "abcdefghijklmnopqrstuvwxyz0123456789+-/?*.,;:!#"

// keys tries the page's own shortcuts of one character (WCAG 2.1.4) and the elements whose only listener is the mouse's
// (2.1.1): Chrome says which listeners there are, inline or not.
func (x *try) keys() error {
	if err := x.shortcuts(); err != nil {
		return err
	}
	return x.mouseOnly()
}

func (x *try) shortcuts() error {
	listens := false
	for _, on := range []string{"window", "document", "document.body"} {
		kinds, err := x.t.Listeners(x.ctx, on)
		if err != nil {
			return err
		}
		listens = listens || slices.ContainsFunc(kinds, func(k string) bool { return strings.HasPrefix(k, "key") })
	}
	if !listens {
		return nil
	}
	acted, err := x.types(printable)
	if err != nil || !acted {
		return err
	}
	for _, r := range printable {
		if acted, err = x.types(string(r)); err != nil {
			return err
		}
		if !acted {
			continue
		}
		off, err := browser.Eval[bool](x.ctx, x.t, `[...document.querySelectorAll("input[type=checkbox],input[type=button],[role=switch],button,a,select")].some(e => sonde.visible(e) && /raccourci|shortcut|remap|\b(ctrl|control|alt)\b.*(key|touche)/i.test(sonde.name(e) + (e.labels ? [...e.labels].map(l => l.textContent).join(" ") : "")))`)
		if err != nil {
			return err
		}
		outcome := finding.Failed
		if off {
			outcome = finding.Review
		}
		x.report("sonde-character-shortcut", outcome, &spot{Selector: "body"}, strconv.QuoteRune(r))
		return nil
	}
	return nil
}

// types presses characters where no field has the focus, and says whether the page changed.
func (x *try) types(keys string) (bool, error) {
	if _, err := ask[int](x, "blur()"); err != nil {
		return false, err
	}
	if _, err := ask[int](x, "watch()"); err != nil {
		return false, err
	}
	if err := x.t.Press(x.ctx, keys, browser.Plain); err != nil {
		return false, err
	}
	return x.happened(react)
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
		l.push({ ...s, pointer, composite: !!e.closest("[role=listbox],[role=menu],[role=menubar],[role=tablist],[role=tree],[role=grid],[role=radiogroup],[tabindex='0']"), focusable: e.tabIndex >= 0 && e.hasAttribute("tabindex"), inside: !!e.querySelector("a[href],button,input,select,textarea,[tabindex],summary") }) }); return l })()`)
	if err != nil {
		return err
	}
	var open []*spot // what the pointer says can be clicked, and nothing listens on: a handler further up may
	for i := range list {
		s := &list[i]
		kinds, err := x.t.Listeners(x.ctx, "sonde.get("+itoa(s.Key)+")")
		if err != nil {
			return err
		}
		mouse := slices.ContainsFunc(kinds, func(k string) bool {
			return k == "click" || k == "dblclick" || k == "mousedown" || k == "mouseup" || k == "touchstart" || k == "pointerdown"
		})
		keyed := slices.ContainsFunc(kinds, func(k string) bool { return strings.HasPrefix(k, "key") })
		switch {
		case !mouse && s.Pointer && !s.Inside && !s.Focusable && !s.Composite && len(open) < maxClicked:
			open = append(open, s)
		case !mouse || s.Inside:
		case !s.Focusable:
			x.failed("sonde-mouse-only", s, "")
		case !keyed:
			x.failed("sonde-key-does-nothing", s, "")
		case s.Role == "":
			x.failed("sonde-control-unnamed-role", s, "")
		}
	}
	return x.clickable(open)
}

// maxClicked is how many elements are clicked to see whether a handler further up listens for them.
const maxClicked = 5

// clickable clicks what looks as if it could be clicked. A page that changes by itself would prove nothing.
func (x *try) clickable(list []*spot) error {
	if len(list) == 0 {
		return nil
	}
	if _, err := ask[int](x, "watch()"); err != nil {
		return err
	}
	if restless, err := x.happened(2 * react); err != nil || restless {
		return err
	}
	for _, s := range list {
		leads := len(x.t.Current().Leads)
		acted, err := x.clicks(s)
		if err != nil {
			return err
		}
		if acted || len(x.t.Current().Leads) > leads {
			x.failed("sonde-mouse-only", s, "")
		}
		if err := x.restore(); err != nil {
			return err
		}
	}
	return nil
}
