package main

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

const (
	// paperWidth is how wide text is laid out where there is no terminal.
	paperWidth = 80
	// widest keeps lines readable on a wide terminal.
	widest = 100
	// narrow is the width below which labels stand above their text.
	narrow = 64
	// textColumn is where the text stands beside its label.
	textColumn = 17
)

// page is text under construction: labels on the left, wrapped text beside them.
type page struct {
	text  strings.Builder
	width int
	paint paint
}

func (p *page) line(s string) {
	p.text.WriteString(strings.TrimRight(s, " "))
	p.text.WriteByte('\n')
}

func (p *page) writeTo(w io.Writer) error {
	if _, err := io.WriteString(w, p.text.String()); err != nil {
		return fmt.Errorf("writing the answer: %w", err)
	}
	return nil
}

// label is what stands to the left of a text.
type label struct {
	text  string
	style style
}

// row puts text beside its label, wrapped.
func (p *page) row(l label, text string) {
	p.lines(l, p.wrap(text, p.room()))
}

// lines puts lines as they are beside their label.
func (p *page) lines(l label, lines []string) {
	painted := p.paint.as(l.style, l.text)
	indent := strings.Repeat(" ", p.indent())
	if l.text != "" {
		if p.width < narrow || columns(l.text) > textColumn-4 {
			p.line("  " + painted)
		} else if len(lines) > 0 {
			pad := strings.Repeat(" ", textColumn-2-columns(l.text))
			p.line("  " + painted + pad + lines[0])
			lines = lines[1:]
		} else {
			p.line("  " + painted)
		}
	}
	for _, s := range lines {
		p.line(indent + s)
	}
}

// indent is the column of text that has a label.
func (p *page) indent() int {
	if p.width < narrow {
		return 6
	}
	return textColumn
}

// room is how many columns there are for text that has a label.
func (p *page) room() int { return p.width - p.indent() }

// wrap breaks text at spaces so that no line is wider than room. A word that is
// too wide for a line of its own is broken where it can be read best.
func (p *page) wrap(text string, room int) []string {
	room = max(room, 12)
	var lines []string
	line, used := "", 0
	for word := range strings.FieldsSeq(text) {
		if line != "" && used+1+columns(word) <= room {
			line, used = line+" "+word, used+1+columns(word)
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for columns(word) > room {
			at := breakAt(word, room)
			lines = append(lines, word[:at])
			word = word[at:]
		}
		line, used = word, columns(word)
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// breakAt returns the byte after which a word that is too wide is broken: after
// the last separator of its second half, else where the room ends.
func breakAt(word string, room int) int {
	used, end, best := 0, 0, 0
	for end < len(word) {
		r, size := utf8.DecodeRuneInString(word[end:])
		if used += runeColumns(r); used > room {
			break
		}
		end += size
		if strings.ContainsRune("/:,@?&=", r) && used > room/2 {
			best = end
		}
	}
	if best > 0 {
		return best
	}
	return max(end, 1)
}

// columns is how many columns s takes on a terminal.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

func runeColumns(r rune) int {
	if r < 0x300 {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// cut returns s, or its beginning with "…" where it is wider than room.
func cut(s string, room int) string {
	if columns(s) <= room {
		return s
	}
	used := 0
	for i, r := range s {
		if used += runeColumns(r); used > room-1 {
			return s[:i] + "…"
		}
	}
	return s
}

// padded returns s with spaces up to the column.
func padded(s string, column int) string {
	return s + strings.Repeat(" ", max(0, column-columns(s)))
}

// clock says when something was: the time of day today, else with the date.
func clock(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	t, now = t.Local(), now.Local()
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format("15:04")
	}
	return t.Format("2006-01-02 15:04")
}
