package rate

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/publicsuffix"

	"github.com/sonde-fleet/sonde/probes/mail/message"
)

// unread matches addresses that say themselves that nobody reads them.
var unread = regexp.MustCompile(`^(?:no|ne|do|pas|nicht|geen)[-._]?(?:not[-._]?)?(?:pas[-._]?)?(?:reply|repl|reponse|repondre|respon|respuesta|rispost|antwort|antwoord)|^(?:noreply|mailer-daemon|nepasrepondre|donotreply|keine-?antwort)`)

// free are domains whose mailboxes anybody can open; freeNames are first labels that have many endings.
var (
	free = []string{"orange.fr", "wanadoo.fr", "free.fr", "sfr.fr", "neuf.fr", "cegetel.net", "laposte.net", "bbox.fr", "numericable.fr", "club-internet.fr", "aliceadsl.fr",
		"icloud.com", "me.com", "mac.com", "aol.com", "msn.com", "proton.me", "protonmail.com", "web.de", "t-online.de", "freenet.de", "mail.com", "zoho.com", "tutanota.com",
		"ziggo.nl", "kpnmail.nl", "planet.nl", "xs4all.nl", "telefonica.net", "terra.es", "libero.it", "tiscali.it", "virgilio.it", "alice.it", "tin.it", "btinternet.com", "sky.com"}
	freeNames = []string{"gmail", "googlemail", "hotmail", "outlook", "live", "yahoo", "ymail", "gmx"}
)

// Formats of attachments by the ending of their name. Of others nothing is said.
var (
	openFormats = []string{".pdf", ".odt", ".ods", ".odp", ".txt", ".csv", ".rtf", ".htm", ".html", ".jpg", ".jpeg", ".png", ".gif", ".webp", ".svg", ".ics", ".vcf",
		".docx", ".xlsx", ".pptx", ".epub", ".mp3", ".mp4"}
	boughtFormats = []string{".doc", ".xls", ".ppt", ".pps", ".pub", ".mdb", ".msg", ".pages", ".numbers", ".key", ".dwg", ".vsd", ".wps", ".one", ".dat"}
)

// envelope notes what the mail is as a thing: who sends it, whether it can be read, filed and answered.
func (j *judge) envelope(m *message.Message) {
	from := m.From()
	sender := strings.ToLower(from.Address)
	named := from.Name != "" && !strings.EqualFold(from.Name, from.Address) && !strings.Contains(from.Name, "@") && strings.ContainsFunc(from.Name, unicode.IsLetter)
	j.yesNo("mail.sender-named", named, "a name beside the address", from.Name)
	j.ownDomain(sender)
	j.replyPossible(m, sender)
	j.thread(m)
	j.yesNo("mail.dkim", m.Header.Has("DKIM-Signature"), "RFC 6376: field DKIM-Signature", m.Header.Get("DKIM-Signature"))
	var files []string
	for i := range m.Parts {
		p := &m.Parts[i]
		picture := strings.HasPrefix(p.Type, "image/") && p.Disposition != "attachment" // of the text or the signature
		seal := strings.HasSuffix(p.Filename, ".p7s") || strings.HasSuffix(p.Filename, ".asc")
		if p.Role == message.RoleAttachment && p.Filename != "" && !picture && !seal {
			files = append(files, p.Filename)
		}
	}
	j.attachments(files)
	j.readable(files)
	j.pictures(m)
}

// ownDomain compares the sender's domain with that of the address or site that was written to.
func (j *judge) ownDomain(sender string) {
	const item = "mail.own-domain"
	_, host, _ := strings.Cut(sender, "@")
	domain, label := registered(host)
	switch {
	case domain == "":
		j.notApplicable(item, "no sender's domain")
	case slices.Contains(free, domain) || slices.Contains(freeNames, label):
		j.refuted(item, "a domain of free mailboxes", sender)
	default:
		asked := j.s.Address
		if _, after, ok := strings.Cut(asked, "://"); ok {
			asked, _, _ = strings.Cut(after, "/")
		} else if _, after, ok := strings.Cut(asked, "@"); ok {
			asked = after
		}
		asked, _, _ = strings.Cut(asked, ":")
		if own, _ := registered(strings.ToLower(asked)); own == domain {
			j.yesNo(item, true, "the domain that was written to", sender)
			return
		}
		j.notApplicable(item, "another domain than was written to")
	}
}

// registered returns the name under which a host is registered, and its first label.
func registered(host string) (domain, label string) {
	host = strings.Trim(host, ".")
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return "", ""
	}
	label, _, _ = strings.Cut(domain, ".")
	return domain, label
}

// replyPossible says no where the address or the text says that replies are not read.
func (j *judge) replyPossible(m *message.Message, sender string) {
	const item = "mail.reply-possible"
	to := sender
	if all := m.ReplyTo(); len(all) > 0 {
		to = strings.ToLower(all[0].Address)
	}
	if unread.MatchString(to) {
		j.refuted(item, "the address says that it is not read", to)
	} else if p, ok := j.find(noAnswer); ok {
		j.refuted(item, "the text forbids to reply", p)
	} else {
		j.yesNo(item, true, "an address that takes replies", to)
	}
}

// thread says whether a mail program can file the answer beside our mail. Providers rewrite our Message-ID now and then, so
// any name of a mail will do.
func (j *judge) thread(m *message.Message) {
	if !j.s.Threads {
		j.notApplicable("mail.thread", "no mail that could be named")
		return
	}
	id := m.Header.Get("In-Reply-To") + " " + m.Header.Get("References")
	j.yesNo("mail.thread", strings.Contains(id, "@"), "RFC 5322 3.6.4: In-Reply-To or References", id)
}

func (j *judge) attachments(files []string) {
	const item = "mail.attachment.open"
	unknown := 0
	for _, f := range files {
		switch ext := strings.ToLower(path.Ext(f)); {
		case slices.Contains(boughtFormats, ext):
			j.refuted(item, "a format of one program", f)
			return
		case !slices.Contains(openFormats, ext):
			unknown++
		}
	}
	if len(files) == 0 || unknown > 0 {
		j.notApplicable(item, "no attachment, or one of another format")
		return
	}
	j.yesNo(item, true, "published formats alone", strings.Join(files, ", "))
}

// A text of at most bareWords that names the file that comes with it only points at it; one of fewWords says nothing at all.
const bareWords, fewWords = 20, 3

var pointsAtFile = regexp.MustCompile(`\bci-joint|piece(?:s)? jointe|en pj\b|\bpj\b|attach|anbei|im anhang|bijlage|bijgevoegd|adjunt|allegat`)

func (j *judge) readable(files []string) {
	const item = "mail.plain-text"
	words, _, _ := count(j.body.raw)
	switch {
	case j.raw == "":
		j.refuted(item, "no text", strings.Join(files, ", "))
	case len(files) > 0 && (words <= fewWords || words <= bareWords && pointsAtFile.MatchString(j.body.folded)):
		j.refuted(item, "a text that only points at the attachment", strings.Join(files, ", "))
	default:
		j.yesNo(item, true, "text in the message itself", j.raw)
	}
}

// pictures looks for pictures without alternative text in the HTML of the mail. What only counts readers (a picture of one
// pixel) is no picture.
func (j *judge) pictures(m *message.Message) {
	const item = "mail.pictures.alt"
	seen := 0
	for i := range m.Parts {
		if p := &m.Parts[i]; p.Type != "text/html" || p.Role != message.RoleBody {
			continue
		}
		z := html.NewTokenizer(strings.NewReader(limit(m.Parts[i].Text, maxHTML)))
		for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
			if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
				continue
			}
			t := z.Token()
			if t.Data != "img" {
				continue
			}
			a := map[string]string{}
			for _, x := range t.Attr {
				a[x.Key] = x.Val
			}
			if w, h := a["width"], a["height"]; w == "1" || h == "1" || w == "0" || h == "0" {
				continue
			}
			seen++
			if _, has := a["alt"]; !has {
				j.refuted(item, "RGAA 4.1 1.1: a picture without alt", limit(a["src"], maxPassage))
				return
			}
		}
	}
	if seen == 0 {
		j.notApplicable(item, "no picture in the text")
		return
	}
	j.yesNo(item, true, "RGAA 4.1 1.1: every picture has alt", "")
}

// maxHTML is how much of an HTML part is looked at, in octets.
const maxHTML = 256 << 10
