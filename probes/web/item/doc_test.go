package item

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/items.md")

// TestCatalogDocument holds docs/items.md to the catalogue.
func TestCatalogDocument(t *testing.T) {
	var b strings.Builder
	fmt.Fprintf(&b, "# Information items of a website\n\nMade by `go test ./probes/web/item -run CatalogDocument -update`. %d items: what the website channel observes of a site as a whole,\n"+
		"by agents alone. An item without a unit is `yes`, `no` or `n/a` (what it asks about is not there, or was not understood for sure); one that\n"+
		"could not be measured has no line. `no` means on none of the pages that were looked at; the passage says how many. How well the passages are\n"+
		"found is measured on pages that were labelled by hand: `go test ./probes/web/item -run Labels -v`.\n\n"+
		"| item | English | français | unit | source |\n|---|---|---|---|---|\n", len(Catalog()))
	for _, d := range Catalog() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", d.Item, d.EN, d.FR, d.Unit, d.Source)
	}
	const path = "../../../docs/items.md"
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	old, err := os.ReadFile(path)
	if err != nil || string(old) != b.String() {
		t.Errorf("docs/items.md is not what the catalogue says (%v); Try: -update", err)
	}
}
