package media

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// Remote is what the other side said of its end of the sound.
type Remote struct {
	Addr      netip.AddrPort // where it wants packets; not valid: nowhere (on hold in the manner of RFC 2543)
	Law       Law
	Payload   uint8
	Keys      uint8 // payload type of telephone keys; 0: it takes none
	Noise     bool  // it may send comfort noise
	Direction string
	RTCP      netip.AddrPort // where it wants reports (RFC 3605); not valid: one port above
	Mux       bool           // reports come and go with the sound (RFC 5761)
	Key       Key            // of what it sends; none: in clear
	Tag       int            // of the key among those that it offered

	before, after string // other media, which an answer must refuse one by one (RFC 3264, 6)
}

// Sends says whether sound may be expected from it.
func (r Remote) Sends() bool { return r.Direction == "sendrecv" || r.Direction == "sendonly" }

// Takes says whether it wants to hear us.
func (r Remote) Takes() bool {
	return (r.Direction == "sendrecv" || r.Direction == "recvonly") && r.Addr.IsValid() && r.Addr.Port() != 0
}

const keysPayload, noisePayload = 101, 13

// Local describes our end of the sound.
type Local struct {
	Addr    netip.AddrPort
	Session uint64 // of the origin line
	Version uint64 // rises when the description changes
	Key     Key    // of what we send; none: in clear
}

// Offer is the session description that goes with an INVITE: G.711 and telephone keys.
func (l Local) Offer() []byte {
	return l.describe([]Law{ALaw, MuLaw}, map[Law]uint8{ALaw: 8, MuLaw: 0}, Remote{Keys: keysPayload, Noise: true, Mux: true, Tag: 1}, "sendrecv")
}

// Answer is what we say to an offer of theirs, which Parse has read.
func (l Local) Answer(r Remote) []byte {
	direction := map[string]string{"sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}[r.Direction]
	if direction == "" {
		direction = "sendrecv"
	}
	return l.describe([]Law{r.Law}, map[Law]uint8{r.Law: r.Payload}, r, direction)
}

func (l Local) describe(laws []Law, payload map[Law]uint8, r Remote, direction string) []byte {
	family := "IP4"
	if l.Addr.Addr().Is6() && !l.Addr.Addr().Is4In6() {
		family = "IP6"
	}
	var formats, lines []string
	add := func(pt uint8, name string) {
		formats = append(formats, strconv.Itoa(int(pt)))
		lines = append(lines, fmt.Sprintf("a=rtpmap:%d %s\r\n", pt, name))
	}
	for _, law := range laws {
		add(payload[law], string(law)+"/8000")
	}
	if r.Noise {
		add(noisePayload, "CN/8000")
	}
	if r.Keys != 0 {
		add(r.Keys, "telephone-event/8000")
		lines = append(lines, fmt.Sprintf("a=fmtp:%d 0-15\r\n", r.Keys))
	}
	profile := "RTP/AVP"
	if l.Key.Set() {
		profile = "RTP/SAVP"
		lines = append(lines, fmt.Sprintf("a=crypto:%d %s\r\n", r.Tag, l.Key.inline()))
	}
	if r.Mux {
		lines = append(lines, "a=rtcp-mux\r\n")
	}
	var b strings.Builder
	host := l.Addr.Addr().Unmap()
	fmt.Fprintf(&b, "v=0\r\no=- %d %d IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\n", l.Session, l.Version, family, host, family, host)
	fmt.Fprintf(&b, "%sm=audio %d %s %s\r\n%sa=ptime:20\r\na=%s\r\n%s", r.before, l.Addr.Port(), profile, strings.Join(formats, " "), strings.Join(lines, ""), direction, r.after)
	return []byte(b.String())
}

// ErrNoSound says that a description has no sound that we can hear.
var ErrNoSound = errors.New("the session description has no G.711 sound")

// maxMedia is how many media a description may have.
const maxMedia = 16

// Parse reads the description of the other side. Of several codings it takes the one that they name first.
func Parse(body []byte) (r Remote, err error) {
	var d sdp.SessionDescription
	if err := d.Unmarshal(body); err != nil {
		return r, fmt.Errorf("session description: %s", strings.ToValidUTF8(err.Error(), "\uFFFD")) // it quotes what they wrote
	}
	if len(d.MediaDescriptions) > maxMedia {
		return r, fmt.Errorf("session description: %d media", len(d.MediaDescriptions))
	}
	var others [2]strings.Builder // before and after the sound
	found := false
	for _, m := range d.MediaDescriptions {
		if one, ok := sound(&d, m); ok && !found {
			r, found = one, true
			continue
		}
		side := &others[0]
		if found {
			side = &others[1]
		}
		fmt.Fprintf(side, "m=%s 0 %s %s\r\n", m.MediaName.Media, strings.Join(m.MediaName.Protos, "/"), strings.Join(m.MediaName.Formats[:min(1, len(m.MediaName.Formats))], " "))
	}
	if !found {
		return Remote{}, ErrNoSound
	}
	r.before, r.after = others[0].String(), others[1].String()
	return r, nil
}

// sound reads one medium.
func sound(d *sdp.SessionDescription, m *sdp.MediaDescription) (r Remote, ok bool) {
	profile := strings.ToUpper(strings.Join(m.MediaName.Protos, "/"))
	secure := strings.Contains(profile, "SAVP")
	if m.MediaName.Media != "audio" || m.MediaName.Port.Value <= 0 || m.MediaName.Port.Value > 65535 || strings.Contains(profile, "TLS") {
		return r, false
	}
	r = Remote{Direction: "sendrecv"}
	connection := m.ConnectionInformation
	if connection == nil {
		connection = d.ConnectionInformation
	}
	if connection != nil && connection.Address != nil {
		r.Addr = address(connection.Address.Address, m.MediaName.Port.Value)
	}
	names := map[uint8]string{0: "PCMU/8000", 8: "PCMA/8000", 13: "CN/8000"}
	for _, a := range append(append([]sdp.Attribute{}, d.Attributes...), m.Attributes...) {
		switch a.Key {
		case "sendrecv", "sendonly", "recvonly", "inactive":
			r.Direction = a.Key
		case "rtcp-mux":
			r.Mux = true
		case "rtcp":
			port, rest, _ := strings.Cut(a.Value, " ")
			if n, err := strconv.ParseUint(port, 10, 16); err == nil && n > 0 {
				if r.RTCP = netip.AddrPortFrom(r.Addr.Addr(), uint16(n)); rest != "" {
					r.RTCP = address(rest[strings.LastIndexByte(rest, ' ')+1:], int(n))
				}
			}
		case "crypto":
			if tag, key, ok := crypto(a.Value); ok && secure && !r.Key.Set() {
				r.Tag, r.Key = tag, key
			}
		case "rtpmap":
			pt, name, _ := strings.Cut(a.Value, " ")
			if n, err := strconv.ParseUint(pt, 10, 7); err == nil {
				names[uint8(n)] = strings.ToUpper(strings.TrimSuffix(strings.TrimSpace(name), "/1"))
			}
		}
	}
	for _, format := range m.MediaName.Formats {
		n, err := strconv.ParseUint(format, 10, 7)
		if err != nil {
			continue
		}
		switch pt := uint8(n); names[pt] {
		case "PCMA/8000", "PCMU/8000":
			if r.Law == "" {
				r.Law, r.Payload = Law(names[pt][:4]), pt
			}
		case "CN/8000":
			r.Noise = pt == noisePayload
		case "TELEPHONE-EVENT/8000":
			r.Keys = pt
		}
	}
	return r, r.Law != "" && secure == r.Key.Set()
}

// address reads where packets go; not valid: nowhere.
func address(text string, port int) netip.AddrPort {
	text, _, _ = strings.Cut(text, "/")
	ip, err := netip.ParseAddr(text)
	if err != nil || ip.IsUnspecified() {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(ip.Unmap(), uint16(port))
}
