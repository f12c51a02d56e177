package browser

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/sonde-fleet/sonde/probes/web/finding"
)

// Keys that a person without a mouse uses, for Press.
const (
	KeyTab    = kb.Tab
	KeyEnter  = kb.Enter
	KeyEscape = kb.Escape
	KeySpace  = " "
	KeyUp     = kb.ArrowUp
	KeyDown   = kb.ArrowDown
	KeyLeft   = kb.ArrowLeft
	KeyRight  = kb.ArrowRight
)

// Modifier is a key that is held down while others are pressed.
type Modifier int64

// Modifiers, for Press.
const (
	Plain Modifier = Modifier(kb.ModifierNone)
	Shift Modifier = Modifier(kb.ModifierShift)
	Ctrl  Modifier = Modifier(kb.ModifierCtrl)
)

// Press presses and releases real keys, one after the other, while the modifier is held down.
func (t *Tab) Press(ctx context.Context, keys string, with Modifier) error {
	for _, r := range keys {
		for _, p := range kb.Encode(r) {
			if p.Type == input.DispatchKeyEventTypeChar && (with == Ctrl || string(r) == KeyTab || string(r) == KeyEscape) {
				continue // it would type the letter; these keys have none to type
			}
			p.Modifiers |= int64(with)
			if _, err := Call(ctx, t, input.DispatchKeyEvent, *p); err != nil {
				return err
			}
		}
	}
	return nil
}

// Point moves the mouse to a place in the window, in CSS pixels of the viewport.
func (t *Tab) Point(ctx context.Context, x, y float64) error {
	_, err := Call(ctx, t, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: input.DispatchMouseEventTypeMouseMoved, X: x, Y: y})
	return err
}

// Click clicks the left button at a place in the window.
func (t *Tab) Click(ctx context.Context, x, y float64) error {
	if err := t.Point(ctx, x, y); err != nil {
		return err
	}
	for _, what := range []input.DispatchMouseEventType{chromedp.MousePressed, chromedp.MouseReleased} {
		if _, err := Call(ctx, t, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: what, X: x, Y: y, Button: input.MouseButtonLeft,
			ClickCount: 1}); err != nil {
			return err
		}
	}
	return nil
}

// maxShot bounds a picture's height in pixels: Chrome cannot draw more than 16,384.
const maxShot = 16_000

// View takes a picture of a part of the window as it stands, without moving or laying out anything again: an order of
// magnitude cheaper than a picture of the document, and its cost goes with its size. r is in whole CSS pixels from the
// document's top left corner, as is the picture's first pixel; what is not in the window is white.
func (t *Tab) View(ctx context.Context, r image.Rectangle) (image.Image, error) {
	shot, err := Call(ctx, t, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng, OptimizeForSpeed: ptr(true),
		Clip: &page.Viewport{X: float64(r.Min.X), Y: float64(r.Min.Y), Width: float64(r.Dx()), Height: float64(r.Dy()), Scale: 1}})
	if err != nil {
		return nil, fmt.Errorf("take a picture: %w", err)
	}
	img, err := png.Decode(bytes.NewReader(shot.Data))
	if err != nil {
		return nil, fmt.Errorf("read the picture: %w", err)
	}
	return img, nil
}

// FullShot takes a picture of the whole document in WebP, at most 16,000 pixels high.
func (t *Tab) FullShot(ctx context.Context) ([]byte, error) {
	size, err := Eval[finding.Rect](ctx, t, `({w: Math.max(document.documentElement.scrollWidth, innerWidth), h: Math.max(document.documentElement.scrollHeight, innerHeight)})`)
	if err != nil {
		return nil, err
	}
	size.W, size.H = min(size.W, 4000), min(size.H, maxShot)
	shot, err := Call(ctx, t, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatWebp, Quality: ptr(int64(75)),
		CaptureBeyondViewport: ptr(true), OptimizeForSpeed: ptr(true), Clip: &page.Viewport{Width: max(size.W, 1), Height: max(size.H, 1), Scale: 1}})
	if err != nil {
		return nil, fmt.Errorf("take a picture: %w", err)
	}
	return shot.Data, nil
}
