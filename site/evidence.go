package site

import (
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/sonde-fleet/sonde/probes"
)

// suffixes are the endings that a saved file may get; what is not named here is saved as .bin.
var suffixes = map[string]string{"message/rfc822": "eml", "audio/wav": "wav", "image/png": "png", "application/pdf": "pdf"}

// evidenceURL returns where the bytes are, with the ending under which a reader saves them.
func evidenceURL(h probes.Hash, media string) string {
	to := "/evidence/" + string(h)
	if s := suffixes[media]; s != "" {
		to += "?as=" + s
	}
	return to
}

// evidence hands out bytes that strangers wrote: always as a file to save, never as something that a browser shows.
func (s *server) evidence(w http.ResponseWriter, r *http.Request) {
	hash := r.PathValue("sha256")
	if raw, err := hex.DecodeString(hash); err != nil || len(raw) != sha256.Size || hex.EncodeToString(raw) != hash {
		s.problem(w, r, http.StatusNotFound)
		return
	}
	body, err := s.vault.Evidence(probes.Hash(hash))
	if err != nil {
		slog.Info("evidence not found", "sha256", hash, "err", err)
		s.problem(w, r, http.StatusNotFound)
		return
	}
	if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != hash {
		slog.Error("evidence has another hash; Try: collector verify", "sha256", hash)
		s.problem(w, r, http.StatusInternalServerError)
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
