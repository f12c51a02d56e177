package listen

// judge returns the logarithm of the odds that a stretch of sound is music and not a voice.
func judge(x [features]float64) float64 {
	sum := bias
	for k, v := range x {
		sum += weights[k] * v
	}
	return sum
}
