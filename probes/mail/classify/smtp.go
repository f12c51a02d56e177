package classify

import (
	"strings"

	"github.com/sonde-fleet/sonde/probes/mail/message"
)

// reply is an SMTP reply found in running text.
type reply struct {
	code   string // RFC 5321 §4.2; may be empty
	status string // RFC 3463; may be empty
	at     int    // where in the text
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func alnum(c byte) bool {
	return digit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// statusAt returns the enhanced status code that begins at s[i], "" if none does. IP addresses, version numbers and
// dates are told apart by what stands around.
func statusAt(s string, i int) string {
	if i > 0 && (alnum(s[i-1]) || s[i-1] == '.') {
		return ""
	}
	n := message.StatusLen(s[i:])
	if n == 0 || s[i+2] > '7' || s[i+3] != '.' {
		return ""
	}
	if i+n < len(s) && (alnum(s[i+n]) || s[i+n] == '/') {
		return ""
	}
	return s[i : i+n]
}

// codeAt returns the SMTP reply code at s[i], "" if there is none.
func codeAt(s string, i int) string {
	if i+3 > len(s) || s[i] != '4' && s[i] != '5' && s[i] != '2' || s[i+1] < '0' || s[i+1] > '7' || !digit(s[i+2]) {
		return ""
	}
	if i > 0 && (alnum(s[i-1]) || s[i-1] == '.' || s[i-1] == '-' || s[i-1] == '/' || s[i-1] == '$' || s[i-1] == '+' || s[i-1] == ',' || s[i-1] == '@') {
		return ""
	}
	if i+3 < len(s) && (alnum(s[i+3]) || s[i+3] == '.' && i+4 < len(s) && digit(s[i+4]) || s[i+3] == '/' || s[i+3] == '@' || s[i+3] == '%') {
		return ""
	}
	return s[i : i+3]
}

// introducers stand right before a reply that is quoted in a notice.
var introducers = [...]string{"said:", "said", "<<<", "responded:", "responded with", "response:", "respond:", "reply:", "error:", "code", "code:",
	"error", "smtp;", "smtp; ", "returned", "was:", "returned:", "reason:", "because:", "status:", "->", "data>:", "connect:", "smtp:", "(", "[", `"`, "'", "wrote:",
	"recipients:", "recipient:", "message:", "]:", ">:", "):", "failed:", "failure:", ":"}

// findReply returns the first SMTP reply in s that is one for sure: a code with its enhanced status, or a code at the
// start of a line or after one of the introducers. A status without a code is the second choice.
func findReply(s string) reply {
	var best, loose, only reply
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c != '4' && c != '5' {
			continue
		}
		if st := statusAt(s, i); st != "" {
			if only.status == "" {
				only = reply{status: st, at: i}
			}
			i += len(st) - 1
			continue
		}
		code := codeAt(s, i)
		if code == "" {
			continue
		}
		j := i + 3
		for j < len(s) && (s[j] == ' ' || s[j] == '-' || s[j] == '#' || s[j] == '(' || s[j] == '[' || s[j] == ';' || s[j] == ':') && j < i+7 {
			j++
		}
		if j < len(s) {
			if st := statusAt(s, j); st != "" && st[0] == code[0] {
				return reply{code: code, status: st, at: i}
			}
		}
		introduced := introducedAt(s, i) || i+3 < len(s) && s[i+3] == '-' && s[max(0, i-1)] == ' '
		if best.code == "" && introduced {
			best = reply{code: code, at: i}
		}
		if loose.code == "" && i+3 < len(s) && s[i+3] == ' ' {
			loose = reply{code: code, at: i}
		}
		i += 2
	}
	if best.code == "" && only.status == "" {
		return reply{}
	}
	if best.code != "" {
		if only.status != "" && only.status[0] == best.code[0] {
			best.status = only.status
		}
		return best
	}
	if loose.code != "" && loose.code[0] == only.status[0] {
		only.code = loose.code
	}
	return only
}

func introducedAt(s string, i int) bool {
	if i == 0 || s[i-1] == '\n' {
		return true
	}
	before := strings.TrimRight(s[max(0, i-24):i], " \t\n#")
	if before == "" {
		return true
	}
	low := strings.ToLower(before)
	for _, w := range introducers {
		if strings.HasSuffix(low, w) {
			return true
		}
	}
	return strings.IndexByte(s[max(0, i-8):i], '\n') >= 0 && strings.TrimSpace(s[strings.LastIndexByte(s[:i], '\n')+1:i]) == ""
}

// addressIn returns the first mail address in s and where it ends.
func addressIn(s string) (string, int) {
	from := 0
	for {
		i := strings.IndexByte(s[from:], '@')
		if i < 0 {
			return "", -1
		}
		i += from
		a, b := i, i+1
		for a > 0 && i-a < 64 && localByte(s[a-1]) {
			a--
		}
		for b < len(s) && b-i < 253 && (alnum(s[b]) || s[b] == '-' || s[b] == '.') {
			b++
		}
		addr := strings.TrimRight(s[a:b], ".-")
		if i > a && b > i+1 {
			return strings.TrimLeft(addr, "'.=-"), b
		}
		from = i + 1
	}
}

func localByte(c byte) bool {
	return alnum(c) || strings.IndexByte(".!#$%&'*+-/=?^_{|}~", c) >= 0 || c >= 0x80
}
