package phone

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// ErrNeverCalled says that a number is called by no audit, whatever the directory says: emergency services, short numbers,
// and numbers that cost the caller more than an ordinary call.
var ErrNeverCalled = errors.New("such a number is never called")

// A Number is what may be dialled.
type Number struct {
	Dial  string // E.164, or a SIP address
	Plain bool   // a public number of ordinary price
}

// emergency are numbers that must not be reached by any spelling: those of France and those that every telephone knows.
var emergency = map[string]bool{"15": true, "17": true, "18": true, "112": true, "114": true, "115": true, "116000": true, "116006": true, "116111": true,
	"116117": true, "119": true, "191": true, "196": true, "197": true, "3919": true, "3114": true, "110": true, "911": true, "999": true, "000": true, "113": true}

// shortest is how many digits a number of E.164 has at least with its country; anything below is a short number.
const shortest = 8

// Allow reads a contact and refuses what is never called. A number without a country is one of the region.
func Allow(contact, region string) (n Number, err error) {
	contact = strings.TrimSpace(contact)
	scheme, rest, sip := strings.Cut(contact, ":")
	if sip && (strings.EqualFold(scheme, "sip") || strings.EqualFold(scheme, "sips")) {
		user, _, found := strings.Cut(rest, "@")
		if !found {
			return n, fmt.Errorf("%q is not an address of the form sip:user@host", contact)
		}
		user, _, _ = strings.Cut(user, ";")
		if digits := keep(user); digits != "" && looksDialled(user) {
			if _, err := allow(user, region); err != nil && (errors.Is(err, ErrNeverCalled) || len(digits) < shortest) && !extension(user, digits) {
				return n, err
			}
		}
		return Number{Dial: contact}, nil
	}
	if sip && strings.EqualFold(scheme, "tel") {
		contact, _, _ = strings.Cut(rest, ";")
	}
	return allow(contact, region)
}

// extension says whether the user part of a SIP address is a desk of a switchboard: digits that no public network would take
// for one of its own short numbers, such as 2001.
func extension(user, digits string) bool {
	return !strings.HasPrefix(user, "+") && len(digits) == 4 && digits[0] != '3' && digits[0] != '1' && !emergency[digits]
}

func allow(contact, region string) (n Number, err error) {
	digits := keep(contact)
	bare := strings.TrimPrefix(digits, "33")
	if emergency[digits] || emergency[strings.TrimPrefix(digits, "00")] || strings.HasPrefix(contact, "+") && emergency[bare] {
		return n, fmt.Errorf("%s is an emergency or help line: %w", contact, ErrNeverCalled)
	}
	if len(digits) < shortest {
		return n, fmt.Errorf("%s is a short number: %w", contact, ErrNeverCalled)
	}
	parsed, err := phonenumbers.Parse(contact, region)
	if err != nil {
		return n, fmt.Errorf("%q is not a telephone number: %w", contact, err)
	}
	if !phonenumbers.IsValidNumber(parsed) {
		return n, fmt.Errorf("%q is no number that can be assigned: %w", contact, ErrNeverCalled)
	}
	switch phonenumbers.GetNumberType(parsed) {
	case phonenumbers.FIXED_LINE, phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE, phonenumbers.TOLL_FREE, phonenumbers.VOIP, phonenumbers.UAN:
	case phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST:
		return n, fmt.Errorf("%s costs more than an ordinary call: %w", contact, ErrNeverCalled)
	default:
		return n, fmt.Errorf("%s is of a kind that is not called: %w", contact, ErrNeverCalled)
	}
	return Number{Dial: phonenumbers.Format(parsed, phonenumbers.E164), Plain: true}, nil
}

// looksDialled says whether the user part of a SIP address is a number.
func looksDialled(user string) bool {
	return strings.Trim(user, "+0123456789-.()# *") == ""
}

func keep(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}
