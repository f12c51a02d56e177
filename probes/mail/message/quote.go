package message

import (
	"regexp"
	"strings"

	"github.com/sonde-fleet/sonde/internal/fold"
)

// quoteMark stands, in text made from HTML, where the quoted original begins. It cannot come from outside: the control
// character is not kept by the conversion of HTML.
const quoteMark = "\x1fsonde-quote\x1f"

// htmlMarks are what mail programs write around the quoted original in HTML.
var htmlMarks = [...]string{`class="gmail_quote`, `class="gmail_attr`, `id="divrplyfwdmsg"`, `id="appendonsend"`, `id="olk_src_body_section"`,
	`class="yahoo_quoted"`, `class="moz-cite-prefix"`, `<blockquote type="cite"`, `<blockquote type=cite`, `name="quote"`,
	`id="mail-editor-reference-message-container"`, `class="protonmail_quote`, `id="reply-intro"`, `class="zmail_extra`}

// htmlQuote returns the index of the "<" before the first mark of a quotation, -1 if there is none.
func htmlQuote(s string) int {
	low := strings.ToLower(s)
	if len(low) != len(s) { // a letter whose lower case is longer: indexes would not fit
		return -1
	}
	first := -1
	for _, mark := range htmlMarks {
		if i := strings.Index(low, mark); i >= 0 && (first < 0 || i < first) {
			first = i
		}
	}
	if first < 0 {
		return -1
	}
	if mark := strings.LastIndexByte(s[:first+1], '<'); mark >= 0 {
		return mark
	}
	return -1
}

// attribution matches the folded line (or up to three lines joined) that introduces a quotation.
var attribution = regexp.MustCompile(`^(?:` +
	`(?:le|on|am|op|el|il|den|em|dia|ven|lun|mar|mer|jeu|sam|dim)\b.{4,240}(?:a ecrit|ecrivait|wrote|schrieb|schreef|escribio|ha scritto|scrisse|skrev|escreveu)\b.{0,120}:$` +
	`|.{3,160}(?:a ecrit|wrote|writes|schrieb|schreef|escribio|ha scritto|scrisse) ?:$` +
	`|.{3,160} (?:schrieb|schreef) (?:am|op) .{4,100}:$)`)

// rule matches the folded line that mail programs draw above the original.
var rule = regexp.MustCompile(`^[-_=* >]{2,}\s*(?:message d'origine|message original|message transfere|original message|forwarded message|` +
	`ursprungliche nachricht|originalnachricht|urspr\. nachricht|weitergeleitete nachricht|oorspronkelijk bericht|origineel bericht|doorgestuurd bericht|` +
	`mensaje original|mensaje reenviado|messaggio originale|messaggio inoltrato|forwarded by .{1,80}|reply message|message de .{1,60})\s*[-_=* :]*$` +
	`|^(?:begin forwarded message|debut du message (?:reexpedie|transfere)|inizio messaggio inoltrato|anfang der weitergeleiteten nachricht|message transfere|----- transfere par .{1,60})\s*:?\s*-*$`)

// labels are the fields of the block that Outlook and its kin put above the original, folded.
var labels = map[string]int{"de": 1, "from": 1, "von": 1, "van": 1, "da": 1, "expediteur": 1, "envoye": 2, "envoye le": 2, "sent": 2,
	"gesendet": 2, "verzonden": 2, "enviado": 2, "enviado el": 2, "inviato": 2, "date": 2, "datum": 2, "fecha": 2, "data": 2, "date d'envoi": 2,
	"a": 3, "to": 3, "an": 3, "aan": 3, "para": 3, "pour": 3, "destinataire": 3, "objet": 4, "subject": 4, "betreff": 4,
	"onderwerp": 4, "asunto": 4, "oggetto": 4, "sujet": 4, "cc": 5, "copie a": 5, "copie": 5}

// maxLines bounds the lines looked at; what follows is taken as it stands.
const maxLines = 4000

// splitReply separates what the author wrote from the original that he quotes (RFC 3676 §4.5 for ">", and the habits
// of mail programs in six languages). Text after a quotation marked with ">" is the author's again.
func splitReply(text string) (reply, quotedText string) {
	if text == "" {
		return "", ""
	}
	if !strings.Contains(text, quoteMark) && !mayQuote(text) {
		return text, ""
	}
	lines := strings.Split(text, "\n")
	var own, theirs []string
	for i := 0; i < len(lines); i++ {
		line := strings.TrimSpace(strings.ReplaceAll(lines[i], "\u00a0", " "))
		if i >= maxLines {
			own = append(own, lines[i:]...)
			break
		}
		if strings.Contains(line, quoteMark) {
			before, after, _ := strings.Cut(lines[i], quoteMark)
			own = append(own, before)
			theirs = append(theirs, after)
			theirs = append(theirs, lines[i+1:]...)
			break
		}
		if strings.HasPrefix(line, ">") {
			theirs = append(theirs, lines[i])
			continue
		}
		if n := attributionAt(lines, i); n > 0 {
			if next := nextFull(lines, i+n); next < len(lines) && strings.HasPrefix(strings.TrimSpace(lines[next]), ">") {
				theirs = append(theirs, lines[i:i+n]...)
				i += n - 1
				continue
			}
			theirs = append(theirs, lines[i:]...)
			break
		}
		if startsOriginal(lines, i, line) {
			theirs = append(theirs, lines[i:]...)
			break
		}
		own = append(own, lines[i])
	}
	reply = strings.TrimSpace(strings.ReplaceAll(strings.Join(own, "\n"), quoteMark, ""))
	return reply, strings.TrimSpace(strings.ReplaceAll(strings.Join(theirs, "\n"), quoteMark, ""))
}

// mayQuote is a cheap look for anything that could begin a quotation.
func mayQuote(s string) bool {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ':':
			if i+1 == len(s) || s[i+1] == '\n' || s[i+1] == ' ' || s[i+1] == '\t' || s[i+1] == '*' {
				return true
			}
		case '>':
			return true
		case '-', '_':
			if i+1 < len(s) && s[i+1] == s[i] {
				return true
			}
		}
	}
	return false
}

func nextFull(lines []string, i int) int {
	for i < len(lines) && strings.TrimSpace(lines[i]) == "" {
		i++
	}
	return i
}

// attributionAt returns how many lines, from i, make up "Le … a écrit :"; 0 if they do not.
func attributionAt(lines []string, i int) int {
	first := strings.TrimSpace(lines[i])
	if len(first) < 6 || len(first) > 300 {
		return 0
	}
	joined := ""
	for n := 1; n <= 3 && i+n-1 < len(lines); n++ {
		l := strings.TrimSpace(lines[i+n-1])
		if l == "" || strings.HasPrefix(l, ">") {
			return 0
		}
		joined += " " + l
		if !strings.HasSuffix(l, ":") {
			if n == 1 && !opensAttribution(first) {
				return 0
			}
			continue
		}
		if attribution.MatchString(strings.TrimSpace(fold.Text(joined))) {
			return n
		}
		return 0
	}
	return 0
}

// opensAttribution says whether a line may be the first of a wrapped attribution.
func opensAttribution(s string) bool {
	w, _, _ := strings.Cut(s, " ")
	switch strings.ToLower(strings.TrimSuffix(w, ",")) {
	case "le", "on", "am", "op", "el", "il", "lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim.":
		return true
	}
	return false
}

// startsOriginal says whether the original begins at line i: a drawn rule with a title, or a block of fields.
func startsOriginal(lines []string, i int, line string) bool {
	if line == "" {
		return false
	}
	switch line[0] {
	case '-', '_', '=', '*':
		if rule.MatchString(strings.TrimSpace(fold.Text(line))) {
			return true
		}
		if strings.Trim(line, "_-=*") == "" { // Outlook's bare line above the block
			if n := nextFull(lines, i+1); n < len(lines) && n <= i+2 {
				return fieldBlock(lines, n)
			}
		}
	}
	if len(line) < 60 && (line[0]|32 == 'b' || line[0]|32 == 'd' || line[0]|32 == 'i' || line[0]|32 == 'a' || line[0]|32 == 'm') &&
		strings.HasSuffix(line, ":") && rule.MatchString(strings.TrimSpace(fold.Text(line))) {
		return true
	}
	return fieldBlock(lines, i)
}

// fieldBlock says whether "De : / Envoyé : / À : / Objet :" (at least three, one of them the author) begin at line i.
func fieldBlock(lines []string, i int) bool {
	if labelOf(lines[i]) != 1 {
		return false
	}
	seen := map[int]bool{1: true}
	for n := i + 1; n < len(lines) && n <= i+7; n++ {
		if k := labelOf(lines[n]); k > 0 {
			seen[k] = true
		}
	}
	return len(seen) >= 3
}

// labelOf returns the kind of field that a line begins with, 0 if none.
func labelOf(s string) int {
	if len(s) > 2000 {
		return 0
	}
	s = strings.TrimLeft(s, " \t*>\u00a0")
	i := strings.IndexByte(s, ':')
	if i <= 0 || i > 24 {
		return 0
	}
	return labels[strings.Trim(fold.Text(s[:i]), " *\u00a0")]
}
