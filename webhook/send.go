package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	bolt "go.etcd.io/bbolt"
)

const (
	patience = 15 * time.Second   // with one try
	first    = 5 * time.Second    // pause before the second try; each next one is twice as long,
	longest  = 6 * time.Hour      // but never longer than that
	giveUp   = 3 * 24 * time.Hour // after which a message is lost
)

func transport() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	return t
}

// send tells a webhook what is in its queue, the oldest first, until the context ends.
func (t *Teller) send(ctx context.Context, h *hook) {
	client := &http.Client{Transport: t.o.Transport, Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // who is told is said in the configuration, not by a receiver
	}}
	for ctx.Err() == nil {
		n, m, err := t.oldest(h)
		switch {
		case err != nil:
			slog.Error("webhook: queue not read", "webhook", h.Name, "err", err)
			wait(ctx, longest, h.more)
		case m == nil:
			select {
			case <-ctx.Done():
			case <-h.more:
			}
		case time.Until(m.Next) > 0:
			wait(ctx, time.Until(m.Next), nil)
		default:
			t.deliver(ctx, client, h, n, m)
		}
	}
}

// oldest returns the first message of the queue, nil: it is empty.
func (t *Teller) oldest(h *hook) (n []byte, m *message, err error) {
	err = t.db.View(func(tx *bolt.Tx) error {
		k, v := tx.Bucket([]byte(h.Name)).Bucket(bucketQueue).Cursor().First()
		if k == nil {
			return nil
		}
		n, m = append([]byte{}, k...), &message{}
		return json.Unmarshal(v, m)
	})
	return n, m, err
}

// deliver makes one try and writes down what came of it.
func (t *Teller) deliver(ctx context.Context, client *http.Client, h *hook, n []byte, m *message) {
	err := post(ctx, client, h, m)
	now := time.Now().UTC()
	if err != nil && ctx.Err() != nil {
		return // we stop: it is no try of the receiver's
	}
	lost := err != nil && now.Sub(m.First) >= giveUp
	failed := t.db.Update(func(tx *bolt.Tx) error {
		q := tx.Bucket([]byte(h.Name)).Bucket(bucketQueue)
		if err == nil || lost {
			return q.Delete(n)
		}
		m.Tries++
		m.Next = now.Add(pause(m.Tries))
		v, err := json.Marshal(m)
		if err != nil {
			return err
		}
		return q.Put(n, v)
	})
	if failed != nil {
		slog.Error("webhook: not written down", "webhook", h.Name, "err", failed)
		wait(ctx, first, nil)
	}
	h.count(func(s *Stats) {
		switch {
		case err == nil:
			s.Delivered++
			s.Last, s.Fault, s.Since = now, "", time.Time{}
		default:
			s.Failed++
			s.Fault, s.Since = err.Error(), m.First
		}
		if failed == nil && (err == nil || lost) {
			s.Pending--
		}
		if lost {
			s.Lost++
		}
	})
	switch {
	case lost:
		slog.Error("webhook: message given up after three days", "webhook", h.Name, "message", m.ID, "err", err)
	case err != nil && m.Tries == 1:
		slog.Warn("webhook: not taken; it is tried again", "webhook", h.Name, "message", m.ID, "err", err)
	}
}

// pause is how long to wait after so many tries, give or take a fifth: receivers of many senders get their breath back.
func pause(tries int) time.Duration {
	d := longest
	if tries < 20 {
		d = min(first<<(tries-1), longest)
	}
	return d - d/5 + rand.N(2*d/5)
}

// post signs the message as of now and sends it. Whatever is not 2xx is a failure, a redirect too.
func post(ctx context.Context, client *http.Client, h *hook, m *message) error {
	at := time.Now()
	signature, err := h.signer.Sign(m.ID, at, m.Body)
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(m.Body))
	if err != nil {
		return err
	}
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("User-Agent", "Sonde")
	q.Header.Set(standardwebhooks.HeaderWebhookID, m.ID)
	q.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	q.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	resp, err := client.Do(q)
	if err != nil {
		var address *url.Error
		if errors.As(err, &address) {
			return address.Err // an address may hold a secret of the receiver's: it is not logged
		}
		return err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection can be used again
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Errorf("the receiver answered %s", resp.Status)
	}
	return nil
}
