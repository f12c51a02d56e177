package phone

import (
	"cmp"
	"errors"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/phone/sip"
)

// ours is the class of what got no further than our own line.
const ours = ""

// byCode are the final answers of SIP that are about the callee (RFC 3261 and others). What is not here is about us: our
// account, our offer, our words.
var byCode = map[int]string{
	486: probes.ClassBusy, 600: probes.ClassBusy,
	408: probes.ClassNoAnswer, 480: probes.ClassNoAnswer, 487: probes.ClassNoAnswer,
	404: probes.ClassWrongNumber, 410: probes.ClassWrongNumber, 484: probes.ClassWrongNumber, 485: probes.ClassWrongNumber, 604: probes.ClassWrongNumber,
	403: probes.ClassRejected, 433: probes.ClassRejected, 603: probes.ClassRejected, 607: probes.ClassRejected, 608: probes.ClassRejected,
}

// byCause are the causes of the public network (ITU-T Q.850), which say more than the code that a gateway makes of them.
var byCause = map[int]string{
	1: probes.ClassWrongNumber, 22: probes.ClassWrongNumber, 28: probes.ClassWrongNumber,
	17: probes.ClassBusy, 18: probes.ClassNoAnswer, 19: probes.ClassNoAnswer, 20: probes.ClassNoAnswer, 21: probes.ClassRejected,
	3: probes.ClassUnreachable, 27: probes.ClassUnreachable, 31: "", 34: probes.ClassCongestion, 42: probes.ClassCongestion,
}

// classify says what a call that nobody picked up was, and ours ("") where it is about us. Beyond our own trunk a failure of
// a server is ours, unless the public network names a cause that lies with the callee, or the call had passed the trunk.
func classify(s sip.Signal, trunk, passed bool) string {
	switch {
	case s.Err != nil && errors.Is(s.Err, sip.ErrRefused) && !trunk:
		return probes.ClassUnreachable
	case s.Raced: // they picked up when we had given up
		return probes.ClassNoAnswer
	case s.Err != nil:
		return ours
	case s.Code >= 300 && s.Code < 400:
		return probes.ClassMoved
	}
	named := byCause[s.Cause]
	if named == probes.ClassCongestion && trunk && !passed {
		return ours // perhaps our own trunk is full
	}
	if s.Code >= 500 && s.Code < 600 {
		if trunk && !passed {
			return named
		}
		return cmp.Or(named, probes.ClassUnreachable)
	}
	return cmp.Or(named, byCode[s.Code])
}
