package directory

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	idShape    = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	inseeShape = regexp.MustCompile(`^(0[1-9]|[13-8][0-9]|2[1-9AB]|9[0-5])[0-9]{3}$|^9[78][0-9]{3}$`)
)

// laPoste is the SIREN whose establishments do not keep the Luhn rule but a sum of digits divisible by five.
const laPoste = "356000000"

// identifier checks the identifier against its charset and its scheme.
func (c *checker) identifier(s *Structure, r *row) {
	id, at := string(s.ID), r.fields[fieldID]
	if id == "" {
		return
	}
	if !idShape.MatchString(id) {
		c.add(at, fieldID, fmt.Sprintf("%q is not an identifier", id), "use 1 to 64 of A-Z a-z 0-9 - _")
		return
	}
	switch s.Scheme {
	case "":
	case "siret":
		if problem := siret(id); problem != "" {
			c.add(at, fieldID, problem, "copy the 14 digits from the Sirene register (annuaire-entreprises.data.gouv.fr)")
		}
	case "siren":
		if !digits(id, 9) {
			c.add(at, fieldID, id+" is not a SIREN: it has 9 digits", "copy it from the Sirene register")
		} else if !luhn(id) {
			c.add(at, fieldID, id+" is not a SIREN: its check digit is wrong", "copy it from the Sirene register")
		}
	case "insee":
		if !inseeShape.MatchString(strings.ToUpper(id)) {
			c.add(at, fieldID, id+" is not an INSEE code of a commune", "write département and number in five characters, for example 21350 or 2A004")
		}
	default:
		c.add(r.fields[fieldScheme], fieldScheme, fmt.Sprintf("%q is not a scheme", s.Scheme), "write siret, siren, insee or leave it empty")
	}
}

// siret says what is wrong with a SIRET, or nothing. Source: INSEE, Sirene; Luhn over the 14 digits, with La Poste's
// establishments as the stated exception.
func siret(s string) string {
	switch {
	case !digits(s, 14):
		return s + " is not a SIRET: it has 14 digits"
	case luhn(s):
		return ""
	case s[:9] == laPoste:
		sum := 0
		for i := range len(s) {
			sum += int(s[i] - '0')
		}
		if sum%5 == 0 {
			return ""
		}
	}
	return s + " is not a SIRET: its check digit is wrong"
}

func digits(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789") == ""
}

// luhn says whether a string of digits keeps the rule of ISO/IEC 7812-1.
func luhn(s string) bool {
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
