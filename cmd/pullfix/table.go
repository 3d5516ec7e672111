package main

import "strings"

// table is rows of cells in columns that line up, with text below rows.
type table struct {
	head []string
	rows []tableRow
}

type tableRow struct {
	cells []string
	below []string
}

// add appends a row.
func (t *table) add(cells ...string) {
	for i := range cells {
		cells[i] = oneLine(cells[i])
	}
	t.rows = append(t.rows, tableRow{cells: cells})
}

// below adds text under the last row.
func (t *table) below(text string) {
	last := &t.rows[len(t.rows)-1]
	last.below = append(last.below, oneLine(text))
}

// table lays a table out. Where it does not fit, each row becomes running text
// with the heads in front.
func (p *page) table(t table) {
	widths := t.widths()
	total := 2
	for _, w := range widths {
		total += w + 2
	}
	if total-2 > p.width {
		p.groups(t)
		return
	}
	p.line("  " + p.paint.as(dim, strings.TrimRight(join(t.head, widths), " ")))
	for _, row := range t.rows {
		p.line("  " + join(row.cells, widths))
		p.under(row.below)
	}
}

func (p *page) groups(t table) {
	for _, row := range t.rows {
		parts := []string{row.cells[0]}
		for i, cell := range row.cells[1:] {
			parts = append(parts, strings.ToLower(t.head[i+1])+" "+cell)
		}
		for _, s := range p.wrapParts(parts, p.width-2) {
			p.line("  " + s)
		}
		p.under(row.below)
	}
}

func (p *page) under(texts []string) {
	for _, text := range texts {
		for _, s := range p.wrap(text, p.width-4) {
			p.line("    " + s)
		}
	}
}

// widths are the columns' widths, two narrower than what they take.
func (t *table) widths() []int {
	widths := make([]int, len(t.head))
	for i, h := range t.head {
		widths[i] = columns(h)
	}
	for _, row := range t.rows {
		for i, cell := range row.cells {
			widths[i] = max(widths[i], columns(cell))
		}
	}
	return widths
}

// join puts cells side by side.
func join(cells []string, widths []int) string {
	var b strings.Builder
	for i, cell := range cells {
		b.WriteString(padded(cell, widths[i]))
		if i < len(cells)-1 {
			b.WriteString("  ")
		}
	}
	return b.String()
}
