package site_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"os"
	"strings"
	"testing"
)

// htmxSum is the SHA-256 of the script of htmx 4.0.1 as npm serves it.
const htmxSum = "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130"

// TestScriptsAreOurs holds the script that comes from outside to its pin, and ours to the policy that forbids code in texts.
func TestScriptsAreOurs(t *testing.T) {
	h := open(t, newTown(2, 0.5))
	w := get(h, "/static/htmx.min.js")
	if w.Code != http.StatusOK {
		t.Fatalf("htmx is not there (%d); Try: make htmx", w.Code)
	}
	if sum := sha256.Sum256(w.Body.Bytes()); hex.EncodeToString(sum[:]) != htmxSum {
		t.Errorf("htmx has the sum %x, pinned is %s", sum, htmxSum)
	}
	for _, name := range []string{"keys.js", "calls.js"} {
		own, err := os.ReadFile("static/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"eval(", "new Function", "innerHTML", "document.write", "http://", "https://"} {
			if strings.Contains(string(own), bad) {
				t.Errorf("%s has %s", name, bad)
			}
		}
	}
}
