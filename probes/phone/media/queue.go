package media

import (
	"runtime"
	"sync"
)

// queued is how many pieces an ear may be behind: a minute. Then the socket's own buffer, of some seconds, fills.
const queued = 3000

// queue holds what was received until the ear comes to it. The socket is emptied whatever the ear does: an ear that is slow
// for some seconds, as on a machine with many calls, loses nothing.
type queue struct {
	mu     sync.Mutex
	change sync.Cond
	pieces []Piece
	closed bool
}

// ears is how many ears of the process compute at the same time: one processor is left to what must be in time, which is the
// packets that leave and the answers to the signalling. Two hundred ears that wake together would hold those up for half a
// second, and the callee would repeat itself.
var ears = make(chan struct{}, max(1, runtime.GOMAXPROCS(0)-1))

// turn is how many pieces an ear hears before another has its turn.
const turn = 25

func newQueue() *queue {
	q := &queue{}
	q.change.L = &q.mu
	return q
}

// put appends; it waits where the queue is full.
func (q *queue) put(pieces []Piece) {
	if len(pieces) == 0 {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.pieces) >= queued && !q.closed {
		q.change.Wait()
	}
	q.pieces = append(q.pieces, pieces...)
	q.change.Broadcast()
}

// close lets the reader end when it has read everything.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.change.Broadcast()
}

// each calls hear with each piece until the queue is closed and empty.
func (q *queue) each(hear func(Piece)) {
	var taken []Piece
	for {
		q.mu.Lock()
		for len(q.pieces) == 0 && !q.closed {
			q.change.Wait()
		}
		taken, q.pieces = q.pieces, taken[:0]
		q.change.Broadcast()
		q.mu.Unlock()
		if len(taken) == 0 {
			return
		}
		for i := 0; i < len(taken); {
			ears <- struct{}{}
			for end := min(i+turn, len(taken)); i < end; i++ {
				hear(taken[i])
				taken[i].PCM = nil
			}
			<-ears
		}
	}
}
