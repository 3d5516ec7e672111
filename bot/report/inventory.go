package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/pullfix/pullfix/runbook"
)

// Inventory draws the registries and pull secrets of a cluster in Markdown.
func Inventory(i runbook.Inventory) string {
	d := &drawing{}
	where := "the cluster"
	if i.Cluster != "" {
		where = code(i.Cluster)
	}
	if i.Namespace != "" {
		where = code(i.Namespace) + " on " + where
	}
	d.line("# Registries of %s", where)
	d.line("Taken %s from %s of %s. What nodes send of their own is not in it.", clock(i.TakenAt), count(i.Pods, "pod"), count(i.Workloads, "workload"))
	for _, r := range i.Registries {
		d.registry(r)
	}
	if len(i.Unused) > 0 {
		d.section("Pull secrets that match nothing")
		for _, u := range i.Unused {
			d.item("%s, named by %s: %s%s", code(u.Namespace+"/"+u.Name), count(u.Workloads, "workload"), quote(u.Why), keysOf(u.Keys))
		}
		d.end()
	}
	if len(i.Gaps) > 0 {
		d.section("Could not be read")
		for _, g := range i.Gaps {
			d.item("%s", quote(gapSaid(g)))
		}
		d.end()
	}
	return d.String()
}

func (d *drawing) registry(r runbook.RegistryUse) {
	d.line("## %s", code(r.Host))
	d.line("%s: %s of %s in %s.", quote(r.Vendor), repositories(r.Repositories), count(r.Workloads, "workload"), count(len(r.Namespaces), "namespace"))
	for _, s := range r.Secrets {
		d.item("%s: %s; %s%s", code(s.Namespace+"/"+s.Name), SecretLine(s, func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }), count(s.Workloads, "workload"), keysOf(s.Keys))
	}
	if r.WithoutSecret > 0 {
		d.item("without a credential for it: %s", count(r.WithoutSecret, "workload"))
	}
	d.end()
}

func repositories(n int) string {
	if n == 1 {
		return "1 repository"
	}
	return fmt.Sprintf("%d repositories", n)
}

func keysOf(keys []string) string {
	if len(keys) == 0 {
		return ""
	}
	quoted := make([]string, len(keys))
	for n, k := range keys {
		quoted[n] = code(k)
	}
	return " (" + strings.Join(quoted, ", ") + ")"
}

// SecretLine is what the inventory says of a secret, in words that mean nothing
// to any markup: its state, until when it is valid, and what keeps it.
func SecretLine(s runbook.SecretUse, clock func(time.Time) string) string {
	var parts []string
	switch s.State {
	case runbook.SecretMissing:
		parts = append(parts, "does not exist")
	case runbook.SecretUnreadable:
		parts = append(parts, "could not be read")
	case runbook.SecretMalformed:
		parts = append(parts, "cannot be decoded, which stops every pull of its pods")
	default:
		parts = append(parts, "has a credential")
	}
	if s.Expires != nil {
		parts = append(parts, "valid until "+clock(*s.Expires))
	}
	if s.Owner != "" {
		parts = append(parts, "kept by "+quote(s.Owner))
	}
	return strings.Join(parts, ", ")
}
