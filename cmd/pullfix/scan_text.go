package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pullfix/pullfix/runbook"
)

// rows collects what a scan finds and shows each pod as soon as it is there.
type rows struct {
	seen    map[string]bool
	failing []runbook.FailingPull
	out     io.Writer // nil: nothing is shown before the end
	page    *page
	fits    bool // lines must fit the terminal
	widths  []int
	now     time.Time
}

func (t *tool) newRows() *rows {
	r := &rows{seen: make(map[string]bool), page: t.newPage(), fits: t.columns(t.stdout) > 0, now: time.Now()}
	if !t.json() {
		r.out = t.stdout
	}
	return r
}

func rowKey(f runbook.FailingPull) string {
	return strings.Join([]string{f.Namespace, f.Pod, f.Container, f.Image}, "\x00")
}

// found takes a batch; the scan never calls it twice at once. A pull that was
// told before is not told again.
func (r *rows) found(batch []runbook.FailingPull) {
	first := len(r.failing)
	for _, f := range batch {
		if !r.seen[rowKey(f)] {
			r.seen[rowKey(f)] = true
			r.failing = append(r.failing, f)
		}
	}
	if r.out != nil && len(r.failing) > first {
		r.show(r.failing[first:], first == 0)
	}
}

// show writes rows under the heads of the columns. The widths are those of the
// first batch, wider where a later one needs it.
func (r *rows) show(batch []runbook.FailingPull, headed bool) {
	t := table{head: []string{"NAMESPACE", "POD", "CONTAINER", "SINCE", "IMAGE"}}
	for _, f := range batch {
		t.add(f.Namespace, f.Pod, f.Container, clock(f.Since, r.now), f.Image)
	}
	widths := t.widths()
	for i, w := range r.widths {
		widths[i] = max(widths[i], w)
	}
	r.widths = widths
	r.page.text.Reset()
	if headed {
		r.page.line(r.page.paint.as(dim, r.head(t.head)))
	}
	for _, row := range t.rows {
		r.page.line(r.row(row.cells))
	}
	// A broken pipe shows when the answer is written.
	_ = r.page.writeTo(r.out)
}

func (r *rows) head(heads []string) string {
	if r.wide() {
		return "NAMESPACE/POD (CONTAINER), SINCE, IMAGE"
	}
	return strings.TrimRight(join(heads, r.widths), " ")
}

// row is one line, or two where one would not fit the terminal.
func (r *rows) row(cells []string) string {
	if !r.wide() {
		return join(cells, r.widths)
	}
	first := fmt.Sprintf("%s/%s (%s), %s", cells[0], cells[1], cells[2], cells[3])
	return first + "\n    " + strings.Join(r.page.wrap(cells[4], r.page.width-4), "\n    ")
}

// wide tells whether the columns are too many for the terminal.
func (r *rows) wide() bool {
	total := -2
	for _, w := range r.widths {
		total += w + 2
	}
	return r.fits && total > r.page.width
}

// survey lays out the groups by root cause, below the rows.
func (p *page) survey(found scanAnswer, namespace string) {
	if found.PodsFailing > 0 {
		p.line("")
	}
	p.sentence(surveyHeading(found, namespace))
	for _, g := range found.Groups {
		p.line("")
		p.group(g, found.Cluster)
	}
	if len(found.Gaps) > 0 {
		p.line("")
	}
	for _, g := range found.Gaps {
		p.gap(g)
	}
}

// surveyHeading sums the scan up in one sentence. A partial list never says
// that all is well.
func surveyHeading(found scanAnswer, namespace string) string {
	where := ""
	if namespace != "" {
		where = " in namespace " + namespace
	}
	if found.PodsFailing == 0 {
		if found.Complete {
			return "No pod" + where + " waits for an image."
		}
		return "No pod" + where + " that could be read waits for an image; the list is incomplete."
	}
	wait := "waits"
	if found.PodsFailing > 1 {
		wait = "wait"
	}
	heading := fmt.Sprintf("%d %s%s %s for an image, for %d %s", found.PodsFailing, plural(found.PodsFailing, "pod"),
		where, wait, len(found.Groups), plural(len(found.Groups), "reason"))
	if !found.Complete {
		heading += "; the list is incomplete"
	}
	return heading + ":"
}

// group lays out the pods that fail for one reason.
func (p *page) group(g runbook.Group, cluster string) {
	pods := make(map[string]bool)
	for _, pod := range g.Pods {
		pods[pod.Namespace+"/"+pod.Name] = true
	}
	var parts []string
	count := fmt.Sprintf("%d %s", len(pods), plural(len(pods), "pod"))
	if !p.title(g.Severity, oneLine(g.Summary), count) {
		parts = append(parts, count)
	}
	parts = append(parts, string(g.Cause))
	if g.Registry != "" {
		parts = append(parts, g.Registry)
	}
	parts = append(parts, namespacesOf(g.Namespaces))
	for _, s := range p.wrapParts(parts, p.width-4) {
		p.line("    " + s)
	}
	if len(g.Pods) == 0 {
		return
	}
	namespace := g.Pods[0].Namespace
	if cluster != "" {
		namespace = cluster + "/" + namespace
	}
	p.line("    " + p.paint.as(bold, visible("pullfix diagnose "+namespace+" "+g.Pods[0].Name)))
}

func namespacesOf(names []string) string {
	const most = 5
	if len(names) > most {
		return fmt.Sprintf("namespaces %s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return plural(len(names), "namespace") + " " + strings.Join(names, ", ")
}
