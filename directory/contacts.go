package directory

import (
	"fmt"
	"net/mail"
	"net/netip"
	"net/url"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/sonde-fleet/sonde/probes"
)

// checkContact returns a contact in its normal form, or what is wrong with it and how to mend it.
func checkContact(channel probes.Channel, text string) (contact, problem, mend string) {
	switch channel {
	case probes.Mail:
		if strings.Contains(text, "://") { // a structure that publishes no address but a contact form
			return checkURL(text)
		}
		return checkMail(text)
	case probes.Phone:
		return checkPhone(text)
	case probes.Web:
		return checkURL(text)
	case probes.Social:
		if strings.Contains(text, "://") {
			return checkURL(text)
		}
		if name, ok := strings.CutPrefix(text, "@"); !ok || len(name) == 0 || strings.ContainsAny(name, " \t") {
			return "", fmt.Sprintf("%q is not an account", text), "write @name, @name@server or its https address"
		}
	default: // post, visit
		if len(strings.Fields(text)) < 2 {
			return "", fmt.Sprintf("%q is not a postal address", text), "write street, postcode and town"
		}
	}
	return text, "", ""
}

// checkMail wants a bare address (RFC 5322 addr-spec) at a domain with a dot; the domain comes back in lower case.
func checkMail(text string) (contact, problem, mend string) {
	const how = "write local@domain, for example accueil@ville-exemple.example"
	parsed, err := mail.ParseAddress(text)
	if err != nil {
		return "", fmt.Sprintf("%q is not a mail address (%s)", text, strings.TrimPrefix(err.Error(), "mail: ")), how
	}
	local, domain := parsed.Address, MailDomain(parsed.Address)
	local = local[:len(local)-len(domain)-1]
	switch {
	case parsed.Name != "" || strings.ContainsAny(text, "<>"):
		return "", fmt.Sprintf("%q is more than a mail address", text), "write " + parsed.Address + " alone"
	case !hostname(domain):
		return "", fmt.Sprintf("%q is not a domain that receives mail", domain), how
	case len(local) > 64 || len(parsed.Address) > 254:
		return "", "the mail address is longer than SMTP allows", "the part before @ has at most 64 octets, the whole 254"
	case strings.ContainsFunc(local, func(r rune) bool { return r > '~' }):
		return "", fmt.Sprintf("%q has letters before the @ that not every server takes", text), "use the address in ASCII"
	}
	return local + "@" + domain, "", ""
}

// hostname says whether s is a host name of at least two labels (RFC 1123), not an address literal.
func hostname(s string) bool {
	if len(s) > 253 || !strings.Contains(s, ".") {
		return false
	}
	if _, err := netip.ParseAddr(s); err == nil {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.ContainsFunc(label, func(r rune) bool { return r < 0x80 && !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '-') }) {
			return false
		}
	}
	return true
}

// checkPhone wants an international number (ITU-T E.164) that a citizen may call: no emergency service, short code or
// number that costs more than an ordinary call. The ranges come from libphonenumber's tables.
func checkPhone(text string) (contact, problem, mend string) {
	const how = "write the ordinary line with +, for example +33 1 99 00 12 34"
	plain := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" .-()/\u00a0\u202f", r) {
			return -1
		}
		return r
	}, text)
	if strings.Trim(plain, "0123456789+") != "" || strings.LastIndexByte(plain, '+') > 0 || plain == "" {
		return "", fmt.Sprintf("%q is not a telephone number", text), how
	}
	if plain[0] != '+' {
		switch {
		case phonenumbers.IsEmergencyNumber(plain, "FR"):
			return "", text + " is an emergency number", "it must never be called; " + how
		case len(plain) <= 6:
			return "", text + " is a short number", how
		case len(plain) == 10 && plain[0] == '0':
			return "", text + " is a national number", "write +33 " + plain[1:] + " if it is in France"
		}
		return "", text + " is a national number", how
	}
	number, err := phonenumbers.Parse(plain, "")
	if err != nil || !phonenumbers.IsPossibleNumber(number) {
		return "", text + " is not a telephone number: too short, too long or no such country", how
	}
	switch phonenumbers.GetNumberType(number) {
	case phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST:
		return "", text + " costs more than an ordinary call", how
	}
	return phonenumbers.Format(number, phonenumbers.E164), "", ""
}

// checkURL wants an absolute http or https address without a password.
func checkURL(text string) (contact, problem, mend string) {
	const how = "write it in full, for example https://www.ville-exemple.example/"
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return "", fmt.Sprintf("%q is not a web address", text), how
	case u.User != nil:
		return "", "the web address holds a user name", "remove what stands before the @"
	case !hostname(strings.ToLower(u.Hostname())):
		return "", fmt.Sprintf("%q is not a host on the public web", u.Hostname()), how
	}
	return u.String(), "", ""
}
