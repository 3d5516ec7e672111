package message

import "testing"

// BenchmarkRead reads the corpus over and over; messages/s is the number that
// the budget is about.
func BenchmarkRead(b *testing.B) {
	samples := readSamples(b, "pull-messages.jsonl")
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		Read(samples[i%len(samples)].Message)
		i++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}
