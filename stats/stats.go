// Package stats turns events into outcomes and outcomes into rates, delays and comparisons. It is pure: no I/O, no
// clock, no channel; the same records and the same instant always give the same figures.
package stats
