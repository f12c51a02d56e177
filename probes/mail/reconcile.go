package mail

import (
	"context"
	"log/slog"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/sonde-fleet/sonde/probes"
)

// reconcileEvery is how often the Sent folder is asked for the mails that are in doubt.
const reconcileEvery = 5 * time.Minute

// reconcile looks in the folder that the provider fills by itself (Gmail, Microsoft 365) for mails in doubt: a mail
// that is there was taken. One that is not there proves nothing and stays in doubt.
func (c *Channel) reconcile(ctx context.Context, persona string, account Account, record func(probes.Event) error) {
	w := &watcher{c: c, account: account, persona: persona, folder: account.Sent, record: record}
	for ctx.Err() == nil {
		if doubts := c.doubts(persona); len(doubts) > 0 {
			if err := w.lookFor(ctx, doubts); err != nil && ctx.Err() == nil {
				slog.Warn("sent folder not read", "mailbox", w.name(), "err", err)
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(reconcileEvery):
		}
	}
}

func (c *Channel) doubts(persona string) (out []probes.State) {
	for _, st := range c.o.Archive.Active() {
		if st.Status == probes.InDoubt && st.Audit.Persona == persona {
			out = append(out, st)
		}
	}
	return out
}

func (w *watcher) lookFor(ctx context.Context, doubts []probes.State) error {
	l, err := w.open(ctx, &imapclient.Options{})
	if err != nil {
		return err
	}
	defer l.close()
	err = l.within(answerWithin, "EXAMINE "+w.folder, func() error {
		_, err := l.Select(w.folder, &imap.SelectOptions{ReadOnly: true}).Wait()
		return err
	})
	if err != nil {
		return err
	}
	for _, st := range doubts {
		var found bool
		err := l.within(answerWithin, "UID SEARCH", func() error {
			data, err := l.UIDSearch(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{
				{Key: "Message-Id", Value: "<" + st.Detail["message_id"] + ">"}}}, nil).Wait()
			if err == nil {
				found = len(data.AllUIDs()) > 0
			}
			return err
		})
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		e := probes.Event{Audit: st.Audit.ID, Kind: probes.MailWitnessed, At: time.Now().UTC(), Detail: map[string]string{"by": "sent-folder"}}
		if err := w.record(e); err != nil {
			return err
		}
	}
	return nil
}
