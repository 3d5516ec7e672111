package message

import (
	"cmp"
	"slices"
	"strings"
)

// lexicon finds many words in one pass over a text, however many words there
// are. Words are lower-case and have at least three bytes.
type lexicon struct {
	words   []string
	ids     map[string]int32
	buckets [buckets + 1]int32 // where each bucket begins in order
	order   []int32            // word ids, by bucket of their first three bytes
}

const buckets = 1 << 12

// sighting holds for each word the place of its first occurrence plus one, zero
// when it does not occur.
type sighting []int32

// id gives the number of a word, new or known.
func (l *lexicon) id(word string) int32 {
	if id, ok := l.ids[word]; ok {
		return id
	}
	if l.ids == nil {
		l.ids = make(map[string]int32)
	}
	id := int32(len(l.words))
	l.ids[word], l.words = id, append(l.words, word)
	return id
}

func (l *lexicon) idsOf(words []string) []int32 {
	ids := make([]int32, 0, len(words))
	for _, word := range words {
		ids = append(ids, l.id(word))
	}
	return ids
}

// seal sorts the words into buckets, once all are known.
func (l *lexicon) seal() {
	for id := range l.words {
		l.order = append(l.order, int32(id))
	}
	slices.SortStableFunc(l.order, func(a, b int32) int {
		return cmp.Compare(bucket(l.words[a]), bucket(l.words[b]))
	})
	next := 0
	for b := range l.buckets {
		for next < len(l.order) && bucket(l.words[l.order[next]]) < b {
			next++
		}
		l.buckets[b] = int32(next)
	}
}

func bucket(text string) int {
	key := uint32(text[0]) | uint32(text[1])<<8 | uint32(text[2])<<16
	return int(key * 2654435761 >> 20)
}

// scan looks for every word in a lower-case text.
func (l *lexicon) scan(text string) sighting {
	seen := make(sighting, len(l.words))
	for i := 0; i+3 <= len(text); i++ {
		b := bucket(text[i:])
		for _, id := range l.order[l.buckets[b]:l.buckets[b+1]] {
			if seen[id] == 0 && strings.HasPrefix(text[i:], l.words[id]) {
				seen[id] = int32(i) + 1
			}
		}
	}
	return seen
}

// first returns the first of the words, in their own order, that occurs.
func (s sighting) first(ids []int32) (id int32, ok bool) {
	for _, id := range ids {
		if s[id] > 0 {
			return id, true
		}
	}
	return 0, false
}

// place says where a word that occurs stands.
func (l *lexicon) place(seen sighting, id int32) span {
	from := int(seen[id]) - 1
	return span{from, from + len(l.words[id])}
}

// touches says whether a word was found that reaches into one of the spans.
func (l *lexicon) touches(seen sighting, spans []span) bool {
	if len(spans) == 0 {
		return false
	}
	for id, at := range seen {
		if at == 0 {
			continue
		}
		place := l.place(seen, int32(id))
		for _, s := range spans {
			if place.from < s.to && s.from < place.to {
				return true
			}
		}
	}
	return false
}
