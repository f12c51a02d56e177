package mail

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/sonde-fleet/sonde/probes"
	"golang.org/x/sync/errgroup"
)

const (
	chunkMessages = 256      // messages filed together
	chunkBytes    = 32 << 20 // octets held at once
	filers        = 64       // messages of a chunk that wait for the disk together
	// pushWithin is how long a server may take to say during IDLE that a mail has come. Dovecot takes half a second,
	// and 30 s when it is out of inotify watches.
	pushWithin = time.Minute
)

// arrival is a mail as the server gave it.
type arrival struct {
	uid      imap.UID
	internal time.Time // INTERNALDATE: when the server took it, whole seconds
	seen     time.Time // our clock
	absent   time.Time // our clock when it surely was not there yet; zero: not known
	raw      []byte
	cut      bool // longer than what is kept
}

// fetch reads what is above the cursor, in chunks, and files each before the cursor moves past it.
func (w *watcher) fetch(ctx context.Context, l *link, noticed time.Time) error {
	validity, last := w.c.o.Archive.Mailbox(w.name())
	began, absent := time.Now(), w.absent
	if noticed.Before(w.fetched) {
		noticed = time.Time{} // it may have announced what the last fetch brought
	}
	if lower := noticed.Add(-pushWithin); !noticed.IsZero() && lower.After(absent) {
		absent = lower
	}
	// Never ENVELOPE or BODYSTRUCTURE: well-known servers send malformed ones (go-imap#659).
	section := &imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Size: w.c.o.MaxMessage}}
	set := imap.UIDSet{{Start: imap.UID(last + 1), Stop: 0}}
	cmd := l.Fetch(set, &imap.FetchOptions{UID: true, InternalDate: true, RFC822Size: true, BodySection: []*imap.FetchItemBodySection{section}})
	var chunk []arrival
	size := 0
	file := func() error {
		if len(chunk) == 0 {
			return nil
		}
		err := w.file(ctx, validity, chunk)
		chunk, size = chunk[:0], 0
		return err
	}
	for {
		var buf *imapclient.FetchMessageBuffer
		err := l.within(answerWithin, "FETCH", func() (err error) {
			if msg := cmd.Next(); msg != nil {
				buf, err = msg.Collect()
			}
			return err
		})
		if err != nil {
			cmd.Close()
			return err
		}
		if buf == nil {
			break
		}
		// "n:*" always returns the last message, even when its UID is below n.
		if uint32(buf.UID) <= last {
			continue
		}
		a := arrival{uid: buf.UID, internal: buf.InternalDate, seen: time.Now(), absent: absent, raw: buf.FindBodySection(section)}
		a.cut = buf.RFC822Size > int64(len(a.raw)) && int64(len(a.raw)) >= w.c.o.MaxMessage
		if !noticed.IsZero() && !noticed.Before(buf.InternalDate) { // the first of those that one notice announced
			a.seen, noticed = noticed, time.Time{}
		}
		chunk, size = append(chunk, a), size+len(a.raw)
		if len(chunk) >= chunkMessages || size >= chunkBytes {
			if err := file(); err != nil {
				cmd.Close()
				return err
			}
		}
	}
	if err := l.within(answerWithin, "FETCH", cmd.Close); err != nil {
		return err
	}
	if err := file(); err != nil {
		return err
	}
	w.absent, w.fetched = began, time.Now() // what comes later was not there when this fetch began
	if w.c.o.Monitor != nil {
		w.c.o.Monitor.Looked(w.name())
	}
	return nil
}

// file records the mails of a chunk. The cursor rides on the last event, which is recorded when the others are
// durable: after a crash the whole chunk is read again, and what was filed is known by its digest.
func (w *watcher) file(ctx context.Context, validity uint32, chunk []arrival) error {
	var events []probes.Event
	skipped := 0
	inChunk := map[string]bool{}
	parsed := make([]*probes.Event, len(chunk))
	g, _ := errgroup.WithContext(ctx)
	g.SetLimit(filers)
	for i := range chunk {
		a := &chunk[i]
		sum := sha256.Sum256(a.raw)
		// Dedup on the account and the bytes, never on the UID alone: UIDVALIDITY may change, a mail may be moved to
		// another folder of the account.
		digest := w.account.Address + "/" + hex.EncodeToString(sum[:])
		if inChunk[digest] || w.c.o.Archive.Seen(digest) {
			skipped++
			continue
		}
		inChunk[digest] = true
		g.Go(func() error {
			e := w.c.understand(w.account, a)
			e.Detail["folder"], e.Detail["digest"], e.Detail["mailbox"] = w.folder, digest, w.name()
			parsed[i] = &e
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, e := range parsed {
		if e != nil {
			events = append(events, *e)
		}
	}
	cursor := w.cursor(validity, chunk[len(chunk)-1].uid)
	if len(events) == 1 && skipped == 0 {
		maps.Copy(events[0].Detail, cursor)
		return w.record(events[0])
	}
	g, _ = errgroup.WithContext(ctx)
	g.SetLimit(filers)
	for _, e := range events {
		g.Go(func() error { return w.record(e) })
	}
	if err := g.Wait(); err != nil {
		return fmt.Errorf("file mail of %s: %w", w.name(), err)
	}
	cursor["skipped"] = strconv.Itoa(skipped)
	return w.record(probes.Event{Kind: probes.MailboxRead, At: time.Now().UTC(), Detail: cursor})
}
