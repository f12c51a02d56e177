package message

import (
	"strings"

	"github.com/k3a/html2text"
)

// maxHTML is how much of an HTML part is turned to text, in octets.
const maxHTML = 256 << 10

// walker goes once through a mail's tree of parts and keeps within the limits.
type walker struct {
	m        *Message
	lim      Limits
	parts    int // still allowed
	text     int // octets of text still allowed
	returned *Message
	inner    bool // reading a returned or attached mail
	marked   bool // a quotation was marked in converted HTML
}

// context is what a part inherits from the parts around it.
type context struct {
	role   string
	report string // report-type of the enclosing multipart/report
	digest bool
}

// entity reads one MIME entity and returns its text for a reader.
func (w *walker) entity(h Header, body string, depth int, c context) string {
	ctype := h.Get("Content-Type")
	typ, params := contentType(ctype)
	if typ == "" || !strings.Contains(typ, "/") {
		typ = "text/plain"
		if c.digest {
			typ = "message/rfc822"
		}
	}
	if strings.HasPrefix(typ, "multipart/") {
		return w.multipart(h, typ, params, body, depth, c)
	}
	if w.parts <= 0 {
		w.cap("too-many-parts")
		return ""
	}
	w.parts--
	disp, dparams := contentType(h.Get("Content-Disposition"))
	p := Part{Type: typ, ReportType: c.report, Disposition: disp, Charset: strings.ToLower(params["charset"]),
		Depth: depth, Role: c.role, Size: len(body)}
	p.Filename = DecodeWords(dparams["filename"])
	if p.Filename == "" {
		p.Filename = DecodeWords(params["name"])
	}
	if disp == "attachment" && p.Role == RoleBody {
		p.Role = RoleAttachment
	}
	encoding := h.Get("Content-Transfer-Encoding")
	text := ""
	switch {
	case strings.HasPrefix(typ, "message/") || typ == "text/rfc822-headers" || typ == "text/rfc822":
		text = w.mail(&p, typ, body, encoding, depth, c)
	case strings.HasPrefix(typ, "text/"):
		p.Text = w.decode(body, encoding, p.Charset)
		if p.Role == RoleBody {
			text = p.Text
			if typ == "text/html" {
				text = w.html(p.Text)
			} else if typ != "text/plain" && typ != "text/enriched" && typ != "text/richtext" && p.Filename != "" {
				text = "" // text/calendar, text/x-vcard…: files
			}
		}
	default:
		if p.Role == RoleBody {
			p.Role = RoleAttachment
		}
	}
	w.m.Parts = append(w.m.Parts, p)
	return text
}

func (w *walker) cap(name string) {
	w.m.Truncated = true
	w.m.defect(name)
}

func (w *walker) multipart(h Header, typ string, params map[string]string, body string, depth int, c context) string {
	if depth >= w.lim.Depth {
		w.cap("nested-too-deep")
		return ""
	}
	if e := strings.ToLower(h.Get("Content-Transfer-Encoding")); e == "base64" || e == "quoted-printable" {
		// RFC 2045 §6.4 forbids it, some do it; encoded for sure only if no delimiter shows.
		if params["boundary"] == "" || !strings.Contains(body, "--"+params["boundary"]) {
			body, _ = decodeTransfer(body, e, min(w.lim.Bytes, 4*len(body)))
		}
	}
	boundary := params["boundary"]
	var parts []string
	closed := true
	if boundary != "" {
		parts, closed = splitParts(body, boundary, w.parts+1)
	}
	if len(parts) == 0 {
		if g := guessBoundary(body); g != "" {
			w.m.defect("wrong-boundary")
			parts, closed = splitParts(body, g, w.parts+1)
		}
	}
	if len(parts) == 0 {
		w.m.defect("multipart-without-parts")
		return w.entity(Header{}, body, depth+1, c)
	}
	if !closed {
		if len(parts) > w.parts {
			w.cap("too-many-parts")
		} else {
			w.m.defect("truncated-multipart")
		}
	}
	if typ == "multipart/report" {
		c.report = strings.ToLower(params["report-type"])
		if c.report == "" {
			c.report = "unknown"
		}
	}
	c.digest = typ == "multipart/digest"
	var texts []string
	plain := ""
	for i, part := range parts {
		if w.parts <= 0 {
			w.cap("too-many-parts")
			break
		}
		ph, pb, _ := partHeader(part, w.lim)
		t := w.entity(ph, pb, depth+1, c)
		if strings.TrimSpace(t) == "" {
			continue
		}
		if typ == "multipart/alternative" {
			pt, _ := contentType(ph.Get("Content-Type"))
			if plain == "" && (pt == "" || strings.HasPrefix(pt, "text/plain")) {
				plain = t
			}
			if i == 0 || pt == "text/html" || strings.HasPrefix(pt, "multipart/") || len(texts) == 0 {
				texts = []string{t}
			}
			continue
		}
		texts = append(texts, t)
	}
	if plain != "" {
		return plain
	}
	return strings.Join(texts, "\n")
}

// partHeader reads the header of a part; one that has none at all is body from the start.
func partHeader(s string, lim Limits) (Header, string, []string) {
	if s == "" || s[0] == '\n' {
		return Header{}, strings.TrimPrefix(s, "\n"), nil
	}
	line, _ := cutLine(s)
	if n := fieldName(line); n == "" {
		return Header{}, s, nil
	}
	return readHeader(s, lim)
}

// mail reads a message/* part: a report's machine part, the returned original, or an attached mail.
func (w *walker) mail(p *Part, typ, body, encoding string, depth int, c context) string {
	switch typ {
	case "message/rfc822", "message/global", "message/global-headers", "text/rfc822-headers", "text/rfc822", "message/partial":
		p.Role = RoleAttached
		if c.report != "" || w.headerSaysReport() {
			p.Role = RoleReturned
		}
		if w.inner || depth >= w.lim.Depth {
			if depth >= w.lim.Depth {
				w.cap("nested-too-deep")
			}
			return ""
		}
		if e := strings.ToLower(encoding); e == "base64" || e == "quoted-printable" {
			body, _ = decodeTransfer(body, e, w.lim.TextBytes)
			body = strings.ReplaceAll(body, "\r\n", "\n")
		}
		if w.returned == nil {
			w.returned = w.innerMail(body)
			if p.Role == RoleReturned {
				w.m.Returned = w.returned
			}
		}
		return ""
	}
	p.Text = w.decode(body, encoding, p.Charset)
	switch typ {
	case "message/external-body":
		return ""
	}
	p.Role = RoleStatus
	return ""
}

// headerSaysReport tells a bounce that is merely multipart/mixed: its sender is a mail system or nobody.
func (w *walker) headerSaysReport() bool {
	if a, ok := w.m.ReturnPath(); ok && a == "" {
		return true
	}
	return w.m.Header.Has("X-Failed-Recipients") || DaemonAddress(w.m.From())
}

// innerMail reads a mail within the mail at a small cost: header, and text within a small allowance.
func (w *walker) innerMail(s string) *Message {
	inner := &Message{}
	lim := w.lim
	lim.TextBytes = min(lim.TextBytes, 64<<10)
	iw := &walker{m: inner, lim: lim, parts: min(w.parts, 50), text: lim.TextBytes, inner: true}
	h, body, _ := readHeader(strings.TrimLeft(s, "\n"), lim)
	inner.Header = h
	inner.Text = strings.TrimSpace(strings.ReplaceAll(iw.entity(h, body, 1, context{role: RoleBody}), quoteMark, ""))
	inner.Notice, inner.Reply = inner.Text, inner.Text
	return inner
}

// decode undoes transfer encoding and charset within what is left of the text allowance.
func (w *walker) decode(body, encoding, charset string) string {
	if w.text <= 0 {
		w.cap("too-much-text")
		return ""
	}
	s, ok := decodeTransfer(body, encoding, w.text+1)
	if !ok {
		w.m.defect("bad-transfer-encoding")
	}
	s, ok = decodeCharset(s, charset)
	if !ok {
		w.m.defect("charset-unknown-or-wrong")
	}
	if strings.IndexByte(s, '\r') >= 0 {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	if len(s) > w.text {
		s = strings.ToValidUTF8(s[:w.text], "")
		w.cap("too-much-text")
	}
	w.text -= len(s)
	return s
}

// html turns an HTML part into text. The places where mail programs begin the quoted original are marked first: in
// the text they may show as nothing at all.
func (w *walker) html(s string) string {
	if len(s) > maxHTML {
		s = strings.ToValidUTF8(s[:maxHTML], "")
		w.cap("too-much-html")
	}
	if i := htmlQuote(s); i >= 0 {
		w.marked = true
		s = s[:i] + "<br>" + quoteMark + "<br>" + s[i:]
	}
	return html2text.HTML2TextWithOptions(s, html2text.WithUnixLineBreaks())
}
