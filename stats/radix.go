package stats

// digit is how many bits a pass of the sort takes: 2,048 heads of lists stay in the cache.
const digit = 11

// radixSort puts the keys in order of their bits from low to high-1 (other bits do not count, and equal keys keep their
// order). It returns the sorted keys, in the same memory or in spare, which has the same length.
func radixSort(keys, spare []uint64, low, high uint) []uint64 {
	passes := int(high-low+digit-1) / digit
	counts := make([][1 << digit]uint32, passes)
	for _, k := range keys {
		k >>= low
		for p := range counts {
			counts[p][k&(1<<digit-1)]++
			k >>= digit
		}
	}
	for p := range counts {
		// The last digit may have bits above high: they are zero or not there, because keys hold values at their top.
		c, shift := &counts[p], low+uint(p)*digit
		if len(keys) == 0 || c[keys[0]>>shift&(1<<digit-1)] == uint32(len(keys)) {
			continue // all are equal here
		}
		at := uint32(0)
		for i, n := range c {
			c[i], at = at, at+n
		}
		for _, k := range keys {
			d := k >> shift & (1<<digit - 1)
			spare[c[d]] = k
			c[d]++
		}
		keys, spare = spare, keys
	}
	return keys
}
