package web

import (
	"context"
	"sync"

	"github.com/sonde-fleet/sonde/probes/web/browser"
)

// pagesPerBrowser is after how many pages Chrome is started anew: its memory grows slowly.
const pagesPerBrowser = 1000

// pool lends one browser to as many audits as the machine has processors.
type pool struct {
	o     browser.Options
	slots chan struct{}

	mu  sync.Mutex
	now *shared
}

// shared is a browser and who uses it.
type shared struct {
	b       *browser.Browser
	users   int
	pages   int
	retired bool
}

// get waits for a free slot and returns the browser, started if need be. free gives the slot back.
func (p *pool) get(ctx context.Context) (*browser.Browser, func(), error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now != nil && (p.now.pages >= pagesPerBrowser || !p.now.b.Alive()) {
		p.retire()
	}
	if p.now == nil {
		b, err := browser.Start(ctx, p.o)
		if err != nil {
			<-p.slots
			return nil, nil, err
		}
		p.now = &shared{b: b}
	}
	x := p.now
	x.users++
	return x.b, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if x.users--; x.retired && x.users == 0 {
			x.b.Close()
		}
		<-p.slots
	}, nil
}

// retire lets the present browser end with its last user.
func (p *pool) retire() {
	if p.now == nil {
		return
	}
	p.now.retired = true
	if p.now.users == 0 {
		p.now.b.Close()
	}
	p.now = nil
}

// count adds pages to the present browser's age.
func (p *pool) count(pages int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now != nil {
		p.now.pages += pages
	}
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.retire()
}
