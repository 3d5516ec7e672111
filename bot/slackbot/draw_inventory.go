package slackbot

import (
	"context"
	"fmt"
	"time"

	"github.com/pullfix/pullfix/runbook"
)

// Bounds of an inventory in a message; what is left out is counted.
const (
	mostRegistries = 20
	mostSecrets    = 8
)

// registries answers from which registries is pulled. Who may not ask about a
// namespace hears the same as if there were none.
func (f *front) registries(ctx context.Context, a asked) message {
	if f.Inventory == nil {
		return sentence("There is no inventory here.")
	}
	s := scope{f, a}
	switch {
	case s.may(ctx, a.cluster, a.namespace):
	case a.namespace == "":
		return sentence("You may not ask about all namespaces. Name one that you may ask about: " + code("/pullfix registries NAMESPACE", roomName))
	default:
		return s.nothing()
	}
	i, err := f.Inventory.Inventory(ctx, a.cluster, a.namespace)
	if err != nil {
		return s.unread(ctx, err)
	}
	return inventoried(i, s.where())
}

// inventoried lists registries, the most used first, with their pull secrets.
func inventoried(i runbook.Inventory, where string) message {
	if len(i.Registries) == 0 && len(i.Gaps) == 0 {
		return sentence("I find no pod that pulls an image in " + quote(where, roomName) + ".")
	}
	head := fmt.Sprintf("%s, %s", registriesOf(len(i.Registries)), count(i.Workloads, "workload"))
	m := message{text: markup(head) + " (" + quote(where, roomName) + ")"}
	m.section("*" + m.text + "*")
	for _, r := range i.Registries[:min(len(i.Registries), mostRegistries)] {
		m.section(registryUse(r, i.TakenAt))
	}
	if more := len(i.Registries) - mostRegistries; more > 0 {
		m.small(markup(fmt.Sprintf("and %d more", more)))
	}
	var gaps []markup
	for _, g := range i.Gaps {
		gaps = append(gaps, "Not read: "+quote(g.What, roomName)+": "+quote(g.Why, roomName))
	}
	m.small(join("\n", roomText, gaps))
	m.small("Workloads without a pod are not seen, nor what nodes send of their own.")
	return m
}

func registriesOf(n int) string {
	if n == 1 {
		return "1 registry"
	}
	return fmt.Sprintf("%d registries", n)
}

// registryUse is one registry, with a line for each pull secret.
func registryUse(r runbook.RegistryUse, at time.Time) markup {
	lines := []markup{"*" + quote(r.Host, roomName) + "* · " + markup(count(r.Workloads, "workload")+" in "+count(len(r.Namespaces), "namespace"))}
	for _, s := range r.Secrets[:min(len(r.Secrets), mostSecrets)] {
		lines = append(lines, "• "+secretUse(s, at))
	}
	if more := len(r.Secrets) - mostSecrets; more > 0 {
		lines = append(lines, markup("and "+count(more, "more secret")))
	}
	if r.WithoutSecret > 0 {
		lines = append(lines, markup("• "+count(r.WithoutSecret, "workload"))+" without a pull secret that has a credential for it")
	}
	return join("\n", roomText, lines)
}

func secretUse(s runbook.SecretUse, at time.Time) markup {
	parts := []markup{code(s.Namespace+"/"+s.Name, 140), markup(count(s.Workloads, "workload"))}
	switch s.State {
	case runbook.SecretMissing:
		parts = append(parts, "*does not exist*")
	case runbook.SecretUnreadable:
		parts = append(parts, "could not be read")
	case runbook.SecretMalformed:
		parts = append(parts, "*cannot be decoded*")
	}
	switch {
	case s.Expires == nil:
	case s.Expires.Before(at):
		parts = append(parts, "*expired* "+clock(*s.Expires, at))
	default:
		parts = append(parts, "valid until "+clock(*s.Expires, at))
	}
	if s.Owner != "" {
		parts = append(parts, "kept by "+quote(s.Owner, 140))
	}
	return dotted(parts...)
}
