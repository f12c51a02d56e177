// Package message reads a mail that a stranger wrote so that the rooms above it can judge its content: header, text,
// reply without quotation, and the machine-readable reports of RFC 3464, RFC 8098 and RFC 5965.
//
// It never fails: what is broken is read as far as it goes and named in Defects. It does not judge (package classify
// does), opens no attachment, decompresses nothing and loads nothing from a network.
package message

import (
	"strings"
	"time"
)

// Limits bounds what one mail may cost. A zero field takes its default.
type Limits struct {
	Bytes     int // octets of the mail that are read; default 32 MiB
	Parts     int // MIME parts that are read; default 1,000
	Depth     int // levels of nesting that are opened; default 20
	TextBytes int // octets of decoded text kept in all; default 1 MiB
}

func (l Limits) withDefaults() Limits {
	def := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	def(&l.Bytes, 32<<20)
	def(&l.Parts, 1000)
	def(&l.Depth, 20)
	def(&l.TextBytes, 1<<20)
	return l
}

// Roles of a part: what it is for within the mail.
const (
	RoleBody       = "body"       // shown to the reader
	RoleAttachment = "attachment" // a file
	RoleStatus     = "status"     // message/delivery-status and its kin
	RoleReturned   = "returned"   // the original that a report gives back
	RoleAttached   = "attached"   // a mail attached to a mail
)

// Part is a leaf of the MIME tree.
type Part struct {
	Type        string // media type, lower case, for example text/plain
	ReportType  string // of the enclosing multipart/report
	Disposition string // inline, attachment or ""
	Filename    string // decoded (RFC 2231 and RFC 2047)
	Charset     string // as declared, lower case
	Text        string // decoded text, UTF-8; only for text/* and message/* that are read
	Depth       int    // 0 for the mail itself
	Role        string
	Size        int // octets before decoding
}

// Message is a mail that has been read.
type Message struct {
	Header Header
	Parts  []Part
	// Text is the best readable body in UTF-8: text/plain where there is one, HTML turned to text otherwise.
	Text string
	// Reply is Text without the quoted original; the signature is kept. Quoted is what was taken away.
	Reply, Quoted string
	// Notice is Text up to the original mail that a bounce carries as plain text; the whole Text if it carries none.
	Notice      string
	Delivery    *DeliveryStatus
	Disposition *Disposition
	Feedback    *Feedback
	// Returned is the original that a report gives back, attached or found as text in the body.
	Returned *Message
	// Defects names what was broken, each once.
	Defects   []string
	Truncated bool // a limit was hit
}

// Parse reads raw. It never fails and never panics; time and memory are bounded by lim.
func Parse(raw []byte, lim Limits) *Message {
	lim = lim.withDefaults()
	m := &Message{}
	if len(raw) > lim.Bytes {
		raw = raw[:lim.Bytes]
		m.Truncated = true
		m.defect("cut-at-byte-limit")
	}
	s, defects := normalise(raw)
	for _, d := range defects {
		m.defect(d)
	}
	w := &walker{m: m, lim: lim, parts: lim.Parts, text: lim.TextBytes}
	m.read(s, w, 0)
	return m
}

// read fills m from the normalised mail s. depth tells a mail from a mail within it.
func (m *Message) read(s string, w *walker, depth int) {
	h, body, defects := readHeader(s, w.lim)
	m.Header = h
	for _, d := range defects {
		m.defect(d)
	}
	m.Text = strings.TrimSpace(w.entity(h, body, depth, context{role: RoleBody}))
	if w.marked {
		m.Reply, m.Quoted = splitReply(m.Text)
		m.Text = strings.ReplaceAll(m.Text, quoteMark, "")
	} else {
		m.Reply, m.Quoted = splitReply(m.Text)
	}
	m.Notice = m.Text
	m.findReports(w)
}

func (m *Message) defect(name string) {
	for _, d := range m.Defects {
		if d == name {
			return
		}
	}
	m.Defects = append(m.Defects, name)
}

// normalise returns raw as text with LF newlines (RFC 5322 wants CRLF; files hold LF, old Macintosh CR) and without
// what mail tools put before the header: a byte order mark, empty lines.
func normalise(raw []byte) (string, []string) {
	var defects []string
	s := string(raw)
	s = strings.TrimPrefix(s, "\xef\xbb\xbf")
	if strings.IndexByte(s, '\r') >= 0 {
		var b strings.Builder
		b.Grow(len(s))
		bare := false
		for {
			i := strings.IndexByte(s, '\r')
			if i < 0 {
				b.WriteString(s)
				break
			}
			b.WriteString(s[:i])
			j := i
			for j < len(s) && s[j] == '\r' {
				j++
			}
			if j < len(s) && s[j] == '\n' { // any number of CR before a LF is one newline
				b.WriteByte('\n')
				s = s[j+1:]
				continue
			}
			bare = true
			for ; i < j; i++ {
				b.WriteByte('\n')
			}
			s = s[j:]
		}
		s = b.String()
		if bare {
			defects = append(defects, "bare-cr")
		}
	}
	return strings.TrimLeft(s, "\n"), defects
}

// TopReceived returns the instant stamped by our own receiving server: that of the first Received field (RFC 5321
// §4.4), to the second. It is false where there is none that can be read.
func (m *Message) TopReceived() (time.Time, bool) { return m.Received(0) }

// Received returns the instant of the Received field number i, counted from the top.
func (m *Message) Received(i int) (time.Time, bool) {
	v := m.Header.Values("Received")
	if i < 0 || i >= len(v) {
		return time.Time{}, false
	}
	semi := strings.LastIndexByte(v[i], ';')
	if semi < 0 {
		return time.Time{}, false
	}
	return ParseDate(v[i][semi+1:])
}

// Date returns the instant of the Date field, the sender's own claim.
func (m *Message) Date() (time.Time, bool) { return ParseDate(m.Header.Get("Date")) }
