// Package transcribe asks a speech-to-text server what was said in a recorded call. It knows the one request that whisper.cpp's
// server (POST /inference) and those that speak as OpenAI's (POST /v1/audio/transcriptions) have in common.
package transcribe

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/probes/phone/media"
)

// patience bounds one request: a server without a graphics card needs about the length of the call.
const patience = 5 * time.Minute

// most is how many octets of an answer are read: an hour of talk has about 60,000.
const most = 1 << 20

// Server is where recordings are sent.
type Server struct {
	URL      string
	Language string // fr, en…; empty: the server finds out
	Model    string // where the server asks for one
	Token    string // Authorization: Bearer; empty: none
}

// Text returns what was said in a WAV file of 8 kHz. An empty text is one: nothing was understood.
func (s Server) Text(ctx context.Context, wav []byte) (string, error) {
	pcm, err := media.ParseWAV(wav)
	if err != nil {
		return "", err
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "call.wav")
	if err != nil {
		return "", err
	}
	if _, err := part.Write(media.WAV(double(pcm), 2*media.Rate)); err != nil {
		return "", err
	}
	for _, x := range [][2]string{{"response_format", "json"}, {"language", s.Language}, {"model", s.Model}} {
		if x[1] == "" {
			continue
		}
		if err := form.WriteField(x[0], x[1]); err != nil {
			return "", err
		}
	}
	if err := form.Close(); err != nil {
		return "", err
	}
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, &body)
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	if s.Token != "" {
		req.Header.Set("Authorization", "Bearer "+s.Token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, most))
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s: %.200s", s.URL, resp.Status, data)
	}
	var answer struct {
		Text *string `json:"text"`
	}
	if err := json.Unmarshal(data, &answer); err != nil || answer.Text == nil { // it is not cited: it may be what was said
		return "", fmt.Errorf("%s: the answer has no text (%d octets)", s.URL, len(data))
	}
	return strings.TrimSpace(strings.ToValidUTF8(*answer.Text, "")), nil
}

// double brings sound of 8 kHz to the 16 kHz that speech models were trained with: each second sample lies between its neighbours.
func double(pcm []int16) []int16 {
	out := make([]int16, 2*len(pcm))
	for i, s := range pcm {
		next := s
		if i+1 < len(pcm) {
			next = pcm[i+1]
		}
		out[2*i], out[2*i+1] = s, int16((int(s)+int(next))/2)
	}
	return out
}
