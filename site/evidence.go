package site

import (
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"slices"
	"strconv"

	"github.com/sonde-fleet/sonde/probes"
)

// suffixes are the endings that a saved file may get; what is not named here is saved as .bin.
var suffixes = map[string]string{"message/rfc822": "eml", "audio/wav": "wav", "image/png": "png", "application/pdf": "pdf", "image/webp": "webp", "text/html": "txt", // never opened as a page by accident
	"application/json": "json"}

// evidenceURL returns where the bytes are, with the ending under which a reader saves them.
func evidenceURL(h probes.Hash, media string) string {
	to := "/evidence/" + string(h)
	if s := suffixes[media]; s != "" {
		to += "?as=" + s
	}
	return to
}

// bytes returns the evidence that the URL names; nil when the answer has been given already.
func (s *server) bytes(w http.ResponseWriter, r *http.Request) (hash string, body []byte) {
	hash = r.PathValue("sha256")
	if raw, err := hex.DecodeString(hash); err != nil || len(raw) != sha256.Size || hex.EncodeToString(raw) != hash {
		s.problem(w, r, http.StatusNotFound)
		return hash, nil
	}
	body, err := s.vault.Evidence(probes.Hash(hash))
	if at, gone := s.gone(hash); gone && err != nil {
		s.erased(w, r, hash, at)
		return hash, nil
	}
	if err != nil {
		slog.Info("evidence not found", "sha256", hash, "err", err)
		s.problem(w, r, http.StatusNotFound)
		return hash, nil
	}
	if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != hash {
		slog.Error("evidence has another hash; Try: collector verify", "sha256", hash)
		s.problem(w, r, http.StatusInternalServerError)
		return hash, nil
	}
	return hash, body
}

// pictures are the media types that a page shows: what our own browser drew. Anything else is a file to save.
var pictures = []string{"image/webp", "image/png"}

// picture hands out evidence that is a picture, by its bytes and not by what anybody says of it, so that a page can show it.
func (s *server) picture(w http.ResponseWriter, r *http.Request) {
	_, body := s.bytes(w, r)
	if body == nil {
		return
	}
	media := http.DetectContentType(body)
	if !slices.Contains(pictures, media) {
		s.problem(w, r, http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
	h.Set("Cache-Control", "private, max-age=3600")
	_, _ = w.Write(body) // the reader has gone
}

// evidence hands out bytes that strangers wrote: always as a file to save, never as something that a browser shows.
func (s *server) evidence(w http.ResponseWriter, r *http.Request) {
	hash, body := s.bytes(w, r)
	if body == nil {
		return
	}
	ending := "bin"
	for _, known := range suffixes {
		if r.URL.Query().Get("as") == known {
			ending = known
		}
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", `attachment; filename="`+hash+"."+ending+`"`)
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
	h.Set("Cache-Control", "private, no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the reader has gone
	}
}
