package site_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/access"
)

// apiClient returns a program of scripts/api-client, built, that the other side of the API is.
func apiClient(t *testing.T, name string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "sh", "../scripts/api-client.sh").CombinedOutput(); err != nil {
		if os.Getenv("SONDE_INTEGRATION") == "required" {
			t.Fatalf("%v: %s", err, out)
		}
		t.Skipf("the client cannot be made here: %v: %s", err, out)
	}
	path, err := filepath.Abs("../scripts/api-client/build/" + name + ".js")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// node runs the program against the world, and returns what it says of itself.
func (w *world) node(program string, environment ...string) map[string]any {
	w.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	w.must(err)
	s := &http.Server{Handler: w.handler}
	done := make(chan struct{})
	go func() { defer close(done); s.Serve(listener) }()
	defer func() { s.Close(); <-done }()
	ctx, cancel := context.WithTimeout(w.t.Context(), 3*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "node", program)
	c.Env = append(os.Environ(), append(environment, "SONDE_URL=http://"+listener.Addr().String(), "SONDE_TOKEN="+w.token(access.Scopes[:]...))...)
	var said, faults bytes.Buffer
	c.Stdout, c.Stderr = &said, &faults
	if err := c.Run(); err != nil {
		text := faults.String()
		w.t.Errorf("%v: %s\n%s", err, said.String(), text[:min(len(text), 20_000)])
	}
	var out map[string]any
	if err := json.Unmarshal(said.Bytes(), &out); err != nil {
		w.t.Fatalf("%v: %s", err, said.String())
	}
	w.t.Log(strings.TrimSpace(said.String()))
	return out
}

// TestGeneratedClientReadsEverything pulls every address with a client that is generated from the description in another
// language, holds every answer to the description, and computes the figures again from what it pulled.
func TestGeneratedClientReadsEverything(t *testing.T) {
	program := apiClient(t, "read")
	said := newWorld(t, 40).node(program)
	if said["operations"] != float64(25) || said["audits"] != float64(200) {
		t.Errorf("%v", said)
	}
}

// TestFuzzOfTheAPI asks every operation with what the description draws: no answer is a fault of ours, and none has another
// shape than the description says.
func TestFuzzOfTheAPI(t *testing.T) {
	program := apiClient(t, "fuzz")
	said := newWorld(t, 40).node(program)
	answers, _ := said["answers"].(map[string]any)
	for _, code := range []string{"200", "201", "400", "404", "406", "409", "415", "422"} {
		if answers[code] == nil {
			t.Errorf("no answer %s among %v: the fuzz does not reach what it should", code, answers)
		}
	}
}
