package site

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/probes"
)

// mortal is a source that knows when the bytes of evidence are deleted, or were.
type mortal interface {
	// Erases returns the instant at which the bytes under the hash are deleted; false: they are kept, or nobody knows them.
	Erases(probes.Hash) (time.Time, bool)
}

// recording is the sound of a call, or what is left of it, as the page of its audit shows it.
type recording struct {
	URL, Media string // empty: there is nothing to play
	Hash       string
	Fate       string // when it is deleted, or was
	Wave       string // path of the drawing
	Script     string // what was said, as it was written down
	ScriptLang string
	ScriptNote string // why there is none
	Cut        bool
}

// soundURL is where the recording of an audit is played.
func soundURL(id probes.AuditID, h probes.Hash) string {
	return auditPath(id) + "/sound/" + url.PathEscape(string(h))
}

// fate says when the bytes are deleted or were; empty for what is kept.
func (p *frame) fate(x *probes.Evidence, now time.Time) string {
	switch {
	case x.Erase.IsZero():
		return ""
	case x.Erased(now):
		return p.T("evidence.erased", "At", p.Minute(x.Erase))
	}
	return p.T("evidence.erases", "At", p.Minute(x.Erase))
}

// recorded returns the recording of a call among its events, nil where there is none or the visitor may not hear it. It writes
// down who reads it.
func (s *server) recorded(p *frame, r *http.Request, events []probes.Event) (*recording, wave) {
	if !access.From(r.Context()).May(access.ReadEvidence) {
		return nil, wave{}
	}
	now := time.Now()
	var out *recording
	var drawn wave
	for i := range events {
		e := &events[i]
		for k := range e.Evidence {
			x := &e.Evidence[k]
			switch {
			case strings.HasPrefix(x.Type, "audio/") && out == nil:
				out = &recording{Hash: string(x.SHA256), Fate: p.fate(x, now)}
				if x.Erased(now) {
					continue
				}
				w, err := s.waves.of(x.SHA256, func() ([]byte, error) { return s.vault.Evidence(x.SHA256) })
				if err != nil {
					slog.Info("recording cannot be played", "audit", e.Audit, "sha256", x.SHA256, "err", err)
					out.Fate = p.T("recording.missing")
					continue
				}
				out.URL, out.Media, drawn = soundURL(e.Audit, x.SHA256), "audio/wav", w
			case e.Kind == probes.CallTranscribed && out != nil && strings.HasPrefix(x.Type, "text/plain"):
				if x.Erased(now) {
					continue // the recording says so
				}
				s.transcript(out, r, e.Audit, x.SHA256)
			}
		}
		if e.Kind == probes.CallTranscribed && out != nil && len(e.Evidence) == 0 {
			out.ScriptNote = e.Text
		}
	}
	return out, drawn
}

// transcript adds what was said in a call.
func (s *server) transcript(to *recording, r *http.Request, id probes.AuditID, h probes.Hash) {
	raw, err := s.vault.Evidence(h)
	if err != nil {
		slog.Info("transcript cannot be shown", "sha256", h, "err", err)
		return
	}
	if err := s.read(r, id, "call "+string(h)); err != nil {
		slog.Error("a reading could not be written down: the transcript is not shown", "err", err)
		return
	}
	if to.Cut = len(raw) > maxLetter; to.Cut {
		raw = raw[:maxLetter]
	}
	text := strings.ToValidUTF8(string(raw), string(utf8.RuneError))
	to.Script, to.ScriptLang = text, spoken(text)
}

// sound plays the recording of a call: the audit names it, its bytes begin as a WAV file, and who hears it is written down.
func (s *server) sound(w http.ResponseWriter, r *http.Request) {
	id, hash := probes.AuditID(r.PathValue("id")), r.PathValue("sha256")
	events, err := s.source.Events(id)
	if err != nil {
		slog.Error("events failed", "audit", id, "err", err)
		s.problem(w, r, http.StatusInternalServerError)
		return
	}
	var of *probes.Evidence
	for i := range events {
		if k := slices.IndexFunc(events[i].Evidence, func(x probes.Evidence) bool {
			return string(x.SHA256) == hash && strings.HasPrefix(x.Type, "audio/")
		}); k >= 0 {
			of = &events[i].Evidence[k]
		}
	}
	if of == nil {
		s.problem(w, r, http.StatusNotFound)
		return
	}
	if of.Erased(time.Now()) {
		s.erased(w, r, hash, of.Erase)
		return
	}
	_, body := s.bytes(w, r)
	if body == nil {
		return
	}
	if !isWAV(body) {
		s.problem(w, r, http.StatusNotFound)
		return
	}
	if err := s.read(r, id, "call "+hash); err != nil {
		slog.Error("a reading could not be written down: the recording is not played", "err", err)
		s.problem(w, r, http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "audio/wav")
	h.Set("Content-Disposition", `inline; filename="`+hash+`.wav"`)
	h.Set("Content-Security-Policy", "default-src 'none'; media-src 'self'; frame-ancestors 'none'") // alone in a tab it plays too
	h.Set("Cache-Control", "private, no-store")                                                      // no copy outlives it
	h.Set("ETag", `"`+hash+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// gone returns when the bytes under the hash were deleted, where they were.
func (s *server) gone(hash string) (at time.Time, ok bool) {
	m, is := s.source.(mortal)
	if !is {
		return at, false
	}
	at, ok = m.Erases(probes.Hash(hash))
	return at, ok && !at.After(time.Now())
}

// erased says that the bytes were deleted as agreed: not lost, and nobody's fault.
func (s *server) erased(w http.ResponseWriter, r *http.Request, hash string, at time.Time) {
	if forPrograms(r) {
		problemJSON(w, http.StatusGone, "deleted on "+at.UTC().Format(time.RFC3339)+" as agreed; its SHA-256 stays: "+hash)
		return
	}
	f, _ := parseFilter(r.URL.Query())
	p := s.frame(r, f)
	p.Title = p.T("problem.gone")
	s.render(w, r, http.StatusGone, "problem", problemPage{p, p.T("evidence.erased", "At", p.Minute(at)) + " SHA-256 " + hash, ""})
}
