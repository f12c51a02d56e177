package item

import (
	"net/url"
	"regexp"
	"strings"
)

var (
	// dataOfficer matches addresses of the person in charge of data: at another domain it is that of many bodies.
	dataOfficer = regexp.MustCompile(`^(dpo|dpd|rgpd|cil)\b`)
	mailText    = regexp.MustCompile(`(?i)([a-z0-9][a-z0-9._+\-]{0,63})( ?@ ?| ?[\[({] ?(?:at|a|arobase|arob|chez) ?[\])}] ?| (?:arobase|chez|AT|at) )` +
		`((?:[a-z0-9-]+(?: ?[\[({] ?(?:dot|point) ?[\])}] ?| (?:point|DOT) |\.))+[a-z]{2,24})\b`)
	// placeholder are domains that stand for others (RFC 2606), and those that forms give as a model.
	placeholder = regexp.MustCompile(`^(example\.(com|org|net|fr)|exemple\.(com|fr|org)|domaine?\.(com|fr|tld|ext)|mail\.com|site\.(com|fr))$`)
	forExample  = regexp.MustCompile(`\b(par exemple|exemple|ex|e\.g\.|format) ?[:.]? ?\(?$`)
	dots        = regexp.MustCompile(`(?i) ?[\[({] ?(?:dot|point) ?[\])}] ?| (?:point|dot) `)
	// notMail are endings of files that look like a domain: "logo@2x.png".
	notMail = regexp.MustCompile(`(?i)\.(png|jpe?g|gif|webp|svg|css|js|pdf|html?)$`)
)

// emails finds the addresses at which the body is written to, also where they are disguised for people.
func (r *reader) emails() {
	for _, a := range r.anchors {
		raw, ok := cutPrefixFold(a.href, "mailto:")
		if !ok {
			continue
		}
		raw, _, _ = strings.Cut(raw, "?")
		if un, err := url.PathUnescape(raw); err == nil {
			raw = un
		}
		for one := range strings.SplitSeq(raw, ",") {
			if m := mailText.FindString(strings.TrimSpace(one)); m != "" && m == strings.TrimSpace(one) {
				r.email(strings.ToLower(m), a.at, func(value string) { r.addNode(Email, value, a.node, squeezeOr(a.name, value)) })
			}
		}
	}
	for _, m := range mailText.FindAllStringSubmatchIndex(r.plain, 1000) {
		sign := r.plain[m[4]:m[5]]
		local, domain := r.plain[m[2]:m[3]], dots.ReplaceAllString(r.plain[m[6]:m[7]], ".")
		if strings.TrimSpace(sign) == "at" && !strings.ContainsAny(r.plain[m[6]:m[7]], ".[(") { // "meet at noon point taken"
			continue
		}
		value := strings.ToLower(strings.Trim(local, ".-") + "@" + strings.ReplaceAll(domain, " ", ""))
		r.email(value, m[0], func(value string) { r.add(Email, value, m[0], m[1]) })
	}
}

// email files an address that is the body's.
func (r *reader) email(value string, at int, file func(string)) {
	_, domain, _ := strings.Cut(value, "@")
	if notMail.MatchString(value) || domain == "" {
		return
	}
	if !r.ownDomain(domain) && (at >= 0 && r.foreign(at) || dataOfficer.MatchString(value)) {
		return
	}
	if placeholder.MatchString(domain) || at >= 0 && forExample.MatchString(r.before(at)) {
		return
	}
	if domain == "cnil.fr" || strings.HasSuffix(domain, "defenseurdesdroits.fr") {
		return
	}
	file(value)
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):], true
	}
	return s, false
}
