package townhall

import (
	"context"
	"net"
	"sync"
)

// Pipe is a listener in memory, for tests in a testing/synctest bubble, where a real socket would stop the clock.
type Pipe struct {
	name  string
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

// NewPipe makes a listener whose address reads name.
func NewPipe(name string) *Pipe {
	return &Pipe{name: name, conns: make(chan net.Conn), done: make(chan struct{})}
}

// Dial connects to the listener; network and address are not looked at.
func (p *Pipe) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-p.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Accept implements net.Listener.
func (p *Pipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (p *Pipe) Close() error { p.once.Do(func() { close(p.done) }); return nil }

// Addr implements net.Listener.
func (p *Pipe) Addr() net.Addr { return pipeAddr(p.name) }

type pipeAddr string

func (pipeAddr) Network() string  { return "pipe" }
func (a pipeAddr) String() string { return string(a) }
