//go:build race

package cputime

// Detector is how many times longer this build computes, at most: the race detector is in it.
const Detector = 4
