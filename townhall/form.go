package townhall

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"mime"
	"mime/quotedprintable"
	"net/http"
	"strings"
	"time"
)

// form files what a citizen wrote into a website's form as the mail that such a form sends to the structure's mailbox.
func (t *Town) form(s *Website, asked string, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	from := r.PostForm.Get("courriel")
	if from == "" || r.PostForm.Get("message") == "" {
		return errors.New("a field is missing")
	}
	_, domain, _ := strings.Cut(s.Address, "@")
	var raw bytes.Buffer
	fmt.Fprintf(&raw, "From: %s <%s>\r\nTo: <%s>\r\nSubject: %s\r\nMessage-ID: <%s@%s>\r\nDate: %s\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
		header(strings.TrimSpace(r.PostForm.Get("prenom")+" "+r.PostForm.Get("nom"))), from, s.Address, mime.QEncoding.Encode("utf-8", r.PostForm.Get("objet")),
		newID(rand.New(rand.NewPCG(rand.Uint64(), 1))), domain, time.Now().Format("Mon, 2 Jan 2006 15:04:05 -0700"))
	w := quotedprintable.NewWriter(&raw)
	if _, err := w.Write([]byte(r.PostForm.Get("message"))); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return t.take(from, s.Address, asked, "", raw.Bytes(), time.Now(), false)
}
