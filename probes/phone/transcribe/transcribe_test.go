package transcribe

import (
	"encoding/binary"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sonde-fleet/sonde/probes/phone/media"
)

func TestText(t *testing.T) {
	wav := media.WAV([]int16{0, 1000, 2000}, media.Rate)
	status, answer := http.StatusOK, `{"text":" Mairie de Beaulieu, bonjour.\n"}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file, _, err := r.FormFile("file")
		if err != nil {
			t.Error(err)
			return
		}
		data, err := io.ReadAll(file)
		if err != nil || binary.LittleEndian.Uint32(data[24:]) != 16000 || int16(binary.LittleEndian.Uint16(data[46:])) != 500 {
			t.Errorf("%v, %v", data, err)
		}
		if r.FormValue("language") != "fr" || r.FormValue("response_format") != "json" || r.Header.Get("Authorization") != "Bearer secret" {
			t.Errorf("%v, %v", r.Form, r.Header)
		}
		w.WriteHeader(status)
		io.WriteString(w, answer)
	}))
	defer server.Close()
	s := Server{URL: server.URL, Language: "fr", Token: "secret"}
	if got, err := s.Text(t.Context(), wav); got != "Mairie de Beaulieu, bonjour." || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	for _, x := range []struct {
		status       int
		answer, want string
	}{{503, "busy", "503"}, {200, "<html>", "no text"}, {200, "{}", "no text"}} {
		status, answer = x.status, x.answer
		if _, err := s.Text(t.Context(), wav); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%d %s: %v", x.status, x.answer, err)
		}
	}
	if _, err := s.Text(t.Context(), []byte("RIFF")); err == nil {
		t.Error("no WAV is sent")
	}
	server.Close()
	if _, err := s.Text(t.Context(), wav); err == nil {
		t.Error("a server that is gone gives no error")
	}
}
