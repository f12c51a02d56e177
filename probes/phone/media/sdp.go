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
}

// Offer is the session description that goes with an INVITE: G.711 and telephone keys.
func (l Local) Offer() []byte {
	return l.describe([]Law{ALaw, MuLaw}, map[Law]uint8{ALaw: 8, MuLaw: 0}, keysPayload, true, "sendrecv")
}

// Answer is what we say to an offer of theirs, which Parse has read.
func (l Local) Answer(r Remote) []byte {
	direction := map[string]string{"sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}[r.Direction]
	if direction == "" {
		direction = "sendrecv"
	}
	return l.describe([]Law{r.Law}, map[Law]uint8{r.Law: r.Payload}, r.Keys, r.Noise, direction)
}

func (l Local) describe(laws []Law, payload map[Law]uint8, keys uint8, noise bool, direction string) []byte {
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
	if noise {
		add(noisePayload, "CN/8000")
	}
	if keys != 0 {
		add(keys, "telephone-event/8000")
		lines = append(lines, fmt.Sprintf("a=fmtp:%d 0-15\r\n", keys))
	}
	var b strings.Builder
	host := l.Addr.Addr().Unmap()
	fmt.Fprintf(&b, "v=0\r\no=- %d %d IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\n", l.Session, l.Version, family, host, family, host)
	fmt.Fprintf(&b, "m=audio %d RTP/AVP %s\r\n%sa=ptime:20\r\na=%s\r\n", l.Addr.Port(), strings.Join(formats, " "), strings.Join(lines, ""), direction)
	return []byte(b.String())
}

// ErrNoSound says that a description has no sound that we can hear.
var ErrNoSound = errors.New("the session description has no G.711 sound")

// Parse reads the description of the other side. Of several codings it takes the one that they name first.
func Parse(body []byte) (r Remote, err error) {
	var d sdp.SessionDescription
	if err := d.Unmarshal(body); err != nil {
		return r, fmt.Errorf("session description: %w", err)
	}
	for _, m := range d.MediaDescriptions {
		if m.MediaName.Media != "audio" || m.MediaName.Port.Value == 0 {
			continue
		}
		r = Remote{Direction: "sendrecv"}
		connection := m.ConnectionInformation
		if connection == nil {
			connection = d.ConnectionInformation
		}
		if connection != nil && connection.Address != nil {
			text, _, _ := strings.Cut(connection.Address.Address, "/")
			if ip, err := netip.ParseAddr(text); err == nil && !ip.IsUnspecified() {
				r.Addr = netip.AddrPortFrom(ip.Unmap(), uint16(m.MediaName.Port.Value))
			}
		}
		names := map[uint8]string{0: "PCMU/8000", 8: "PCMA/8000", 13: "CN/8000"}
		for _, a := range append(append([]sdp.Attribute{}, d.Attributes...), m.Attributes...) {
			switch a.Key {
			case "sendrecv", "sendonly", "recvonly", "inactive":
				r.Direction = a.Key
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
		if r.Law != "" {
			return r, nil
		}
	}
	return Remote{}, ErrNoSound
}
