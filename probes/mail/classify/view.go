package classify

import (
	"strings"

	"github.com/sonde-fleet/sonde/internal/fold"
	"github.com/sonde-fleet/sonde/probes/mail/message"
)

// maxScan is how much of a text the rules look at, in octets.
const maxScan = 32 << 10

// book holds every phrase of every rule.
var book = newPhrases(ruleFiles, "rules")

// Sections of the rule files that the code asks for by name.
var (
	bounceSubject  = book.rule("bounce.subject")
	bounceText     = book.rule("bounce.text")
	bounceDelay    = book.rule("bounce.delay")
	bounceFinal    = book.rule("bounce.final")
	receiptText    = book.rule("receipt.text")
	receiptSubject = book.rule("receipt.subject")
	listReject     = book.rule("list.reject")
	mdnReject      = book.rule("mdn.reject")
)

// view is a mail as the rules see it: each text folded and scanned once.
type view struct {
	m         *message.Message
	subject   string // folded
	topic     string // folded subject without "Re:" and the like
	answers   bool   // the subject says Re: or the mail refers to another
	from      message.Address
	daemon    bool   // the author is a mail system
	null      bool   // the null sender
	auto      string // Auto-Submitted without comments, lower case; "" and "no" mean none
	list      bool   // mailing-list traffic
	report    string // report-type of a multipart/report at the top
	failed    string // X-Failed-Recipients
	noticeRaw string
	notice    string // folded, up to the returned original
	reply     string // folded, without quotation
	inSubject hits
	inNotice  hits
	inReply   hits
}

func look(m *message.Message) *view {
	v := &view{m: m, from: m.From()}
	v.subject = strings.TrimSpace(fold.Text(cut(m.Header.Text("Subject"), 2000)))
	v.topic = Topic(v.subject)
	v.answers = v.topic != v.subject || m.Header.Get("In-Reply-To") != ""
	rp, present := m.ReturnPath()
	v.null = present && (rp == "" || strings.HasPrefix(strings.ToLower(rp), "mailer-daemon"))
	v.daemon = message.DaemonAddress(v.from) || v.from.Address == "" && v.from.Name == "" && m.Header.Has("From")
	v.auto = autoSubmitted(m.Header.Get("Auto-Submitted"))
	for _, name := range [...]string{"List-Id", "List-Post", "Mailing-List", "X-Mailing-List", "X-BeenThere"} {
		v.list = v.list || m.Header.Has(name)
	}
	v.list = v.list || strings.EqualFold(m.Header.Get("Precedence"), "list")
	v.failed = m.Header.Get("X-Failed-Recipients")
	if len(m.Parts) > 0 {
		v.report = topReport(m)
	}
	v.noticeRaw = cut(m.Notice, maxScan)
	v.notice = fold.Text(v.noticeRaw)
	v.inSubject = book.scan(v.subject)
	v.inNotice = book.scan(v.notice)
	if m.Reply == m.Notice {
		v.reply, v.inReply = v.notice, v.inNotice
	} else {
		v.reply = fold.Text(cut(m.Reply, maxScan))
		v.inReply = book.scan(v.reply)
	}
	return v
}

func topReport(m *message.Message) string {
	for i := range m.Parts {
		if p := &m.Parts[i]; p.ReportType != "" {
			return p.ReportType
		}
	}
	return ""
}

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

// autoSubmitted reads the keyword of RFC 3834 §5: parameters and comments are of no interest here.
func autoSubmitted(v string) string {
	v = strings.ToLower(strings.TrimSpace(v))
	if i := strings.IndexAny(v, " ;("); i >= 0 {
		v = v[:i]
	}
	if v == "no" {
		return ""
	}
	return v
}

// prefixes are the answer and forward marks of mail programs in the languages of the fleet, folded.
var prefixes = [...]string{"re:", "re :", "fw:", "fwd:", "tr:", "tr :", "ref:", "aw:", "wg:", "sv:", "vs:", "antw:", "rif:", "r:", "i:", "rv:", "res:",
	"re[2]:", "re[3]:"}

// Topic returns a folded subject without the marks of answers and forwards.
func Topic(subject string) string {
	s := strings.TrimSpace(subject)
	for range 10 {
		before := s
		for _, p := range prefixes {
			s = strings.TrimSpace(strings.TrimPrefix(s, p))
		}
		if s == before {
			break
		}
	}
	return s
}
