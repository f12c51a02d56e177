package paper

import (
	"bytes"
	"os"
	"testing"
)

func TestTmp(t *testing.T) {
	page := document(t, newEdition().run().input("fr"))
	os.WriteFile("/tmp/r.html", []byte(page), 0o600)
	var b bytes.Buffer
	if err := PDF(t.Context(), []byte(page), &b); err != nil {
		t.Fatal(err)
	}
	os.WriteFile("/tmp/r.pdf", b.Bytes(), 0o600)
}
