package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/domdebugger"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// worldName names our own JavaScript world: it shares the page's document and nothing else, so that neither disturbs the
// other and a page cannot forge what we read.
const worldName = "sonde"

// Main is the frame of the page itself.
const Main cdp.FrameID = ""

// ScriptError is an exception of our own script in the page.
type ScriptError struct{ Text string }

func (e *ScriptError) Error() string { return "script in the page: " + e.Text }

// Eval evaluates a JavaScript expression in our own world of the main frame, waits for its promise and decodes its JSON.
func Eval[T any](ctx context.Context, t *Tab, expression string) (T, error) {
	return EvalIn[T](ctx, t, Main, expression)
}

// EvalIn is Eval in one of the page's frames.
func EvalIn[T any](ctx context.Context, t *Tab, frame cdp.FrameID, expression string) (value T, err error) {
	r, err := t.evaluate(ctx, frame, expression, true)
	if err != nil {
		return value, err
	}
	if len(r.Value) == 0 || string(r.Value) == "null" {
		return value, nil
	}
	if err := json.Unmarshal(r.Value, &value); err != nil {
		return value, fmt.Errorf("decode what the page said: %w", err)
	}
	return value, nil
}

// Inject runs a script once in our world of the main frame of the present document; name tells scripts apart.
func (t *Tab) Inject(ctx context.Context, name, script string) error {
	t.mu.Lock()
	done := t.have[name]
	t.mu.Unlock()
	if done {
		return nil
	}
	if err := t.InjectIn(ctx, Main, script); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.have == nil {
		t.have = map[string]bool{}
	}
	t.have[name] = true
	return nil
}

// InjectIn runs a script in our world of a frame.
func (t *Tab) InjectIn(ctx context.Context, frame cdp.FrameID, script string) error {
	_, err := t.evaluate(ctx, frame, script+"\n;0", true)
	return err
}

func (t *Tab) evaluate(ctx context.Context, frame cdp.FrameID, expression string, byValue bool) (*runtime.RemoteObject, error) {
	for attempt := 0; ; attempt++ {
		world, err := t.worldOf(ctx, frame)
		if err != nil {
			return nil, err
		}
		r, err := Call(ctx, t, runtime.Evaluate, runtime.EvaluateParams{Expression: expression, ContextID: world, ReturnByValue: ptr(byValue),
			AwaitPromise: ptr(true)})
		if err != nil && attempt == 0 && strings.Contains(err.Error(), "context with specified id") {
			t.forget() // the frame has another document now
			continue
		}
		if err != nil {
			return nil, err
		}
		if x := r.ExceptionDetails; x != nil {
			text := x.Text
			if x.Exception != nil && x.Exception.Description != "" {
				text = x.Exception.Description
			}
			return nil, &ScriptError{text}
		}
		return r.Result, nil
	}
}

// worldOf makes our world in a frame where it is not there yet.
func (t *Tab) worldOf(ctx context.Context, frame cdp.FrameID) (runtime.ExecutionContextID, error) {
	t.mu.Lock()
	world, ok := t.world[frame]
	t.mu.Unlock()
	if ok {
		return world, nil
	}
	id := frame
	if id == Main {
		id = cdp.FrameID(t.t.TargetID) // Chrome gives a page and its main frame one name
	}
	made, err := Call(ctx, t, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{FrameID: id, WorldName: worldName, GrantUniveralAccess: ptr(true)})
	if err != nil {
		return 0, fmt.Errorf("make a world in the page: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.world == nil {
		t.world = map[cdp.FrameID]runtime.ExecutionContextID{}
	}
	t.world[frame] = made.ExecutionContextID
	return made.ExecutionContextID, nil
}

// forget drops what belonged to the last document.
func (t *Tab) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.world, t.have = nil, nil
}

// Frame is one document inside the page.
type Frame struct {
	ID     cdp.FrameID
	Parent cdp.FrameID // Main for those directly inside the page
	URL    string
}

// Frames returns the frames inside the page, outer ones first.
func (t *Tab) Frames(ctx context.Context) ([]Frame, error) {
	r, err := Call(ctx, t, page.GetFrameTree, cdp.Empty{})
	if err != nil {
		return nil, err
	}
	var out []Frame
	var walk func(parent cdp.FrameID, list []*page.FrameTree)
	walk = func(parent cdp.FrameID, list []*page.FrameTree) {
		for _, f := range list {
			out = append(out, Frame{f.Frame.ID, parent, f.Frame.URL})
			walk(f.Frame.ID, f.ChildFrames)
		}
	}
	walk(Main, r.FrameTree.ChildFrames)
	return out, nil
}

// Source is the document as the browser has it now, with its doctype.
func (t *Tab) Source(ctx context.Context) (string, error) {
	return Eval[string](ctx, t, `(document.doctype ? new XMLSerializer().serializeToString(document.doctype) + "\n" : "") + (document.documentElement ? document.documentElement.outerHTML : "")`)
}

// Listened returns the kinds of event that the page listens for on any of its elements, inline or not.
func (t *Tab) Listened(ctx context.Context) ([]string, error) {
	r, err := Call(ctx, t, runtime.Evaluate, runtime.EvaluateParams{Expression: "document.documentElement"})
	if err != nil || r.Result.ObjectID == "" {
		return nil, err
	}
	return t.listeners(ctx, domdebugger.GetEventListenersParams{ObjectID: r.Result.ObjectID, Depth: ptr(int64(-1)), Pierce: ptr(true)})
}

func (t *Tab) listeners(ctx context.Context, of domdebugger.GetEventListenersParams) ([]string, error) {
	r, err := Call(ctx, t, domdebugger.GetEventListeners, of)
	if err != nil {
		return nil, err
	}
	var kinds []string
	for _, l := range r.Listeners {
		kinds = append(kinds, l.Type)
	}
	return kinds, nil
}

// Listeners returns the kinds of event that the page listens for on an object that an expression names in our own world:
// "click", "keydown"… Chrome tells of the listeners of one world, so the object is looked up in the page's.
func (t *Tab) Listeners(ctx context.Context, expression string) ([]string, error) {
	var id runtime.RemoteObjectID
	if expression == "window" {
		r, err := Call(ctx, t, runtime.Evaluate, runtime.EvaluateParams{Expression: "window"})
		if err != nil {
			return nil, err
		}
		id = r.Result.ObjectID
	} else {
		ours, err := t.evaluate(ctx, Main, expression, false)
		if err != nil || ours.ObjectID == "" {
			return nil, err
		}
		node, err := Call(ctx, t, dom.DescribeNode, dom.DescribeNodeParams{ObjectID: ours.ObjectID})
		if err != nil {
			return nil, err
		}
		theirs, err := Call(ctx, t, dom.ResolveNode, dom.ResolveNodeParams{BackendNodeID: node.Node.BackendNodeID})
		if err != nil {
			return nil, err
		}
		id = theirs.Object.ObjectID
	}
	return t.listeners(ctx, domdebugger.GetEventListenersParams{ObjectID: id})
}
