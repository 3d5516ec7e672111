package runbook

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/pullfix/pullfix/runbook/cause"
	"github.com/pullfix/pullfix/runbook/message"
)

// Group is the failing pulls of a cluster that have one root cause, as far as
// the kubelets' words tell; a diagnosis of one of them proves it.
type Group struct {
	Cause      cause.Cause `json:"cause"`
	Registry   string      `json:"registry"`
	Key        string      `json:"key"` // what they have in common: the image, or the registry
	Severity   string      `json:"severity"`
	Summary    string      `json:"summary"`
	Pods       []GroupPod  `json:"pods"`
	Namespaces []string    `json:"namespaces"`
}

// GroupPod is one failing pull of a group.
type GroupPod struct {
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
	Container string    `json:"container"`
	Image     string    `json:"image"`
	Since     time.Time `json:"since"`
	Workload  string    `json:"workload,omitempty"`
}

// Survey groups failing pulls by root cause, the widest first.
func Survey(failing []FailingPull) []Group {
	t := NewTally()
	for _, p := range failing {
		t.Add(p)
	}
	return t.Groups()
}

// Tally groups failing pulls by root cause as they are found.
type Tally struct{ groups map[groupKey]*Group }

// NewTally makes an empty tally.
func NewTally() *Tally { return &Tally{groups: make(map[groupKey]*Group)} }

// Add counts one failing pull.
func (t *Tally) Add(p FailingPull) {
	k := keyOf(p)
	g, ok := t.groups[k]
	if !ok {
		g = &Group{Cause: k.cause, Registry: k.registry, Key: k.String()}
		t.groups[k] = g
	}
	g.Pods = append(g.Pods, GroupPod{Namespace: p.Namespace, Name: p.Pod, Container: p.Container, Image: p.Image, Since: p.Since, Workload: p.Workload})
}

// Groups are what was counted, the widest first.
func (t *Tally) Groups() []Group {
	groups := make([]Group, 0, len(t.groups))
	for _, g := range t.groups {
		groups = append(groups, finish(*g))
	}
	slices.SortFunc(groups, wider)
	return groups
}

// Scope counts the pods and namespaces of the group.
func (g Group) Scope() Scope { return Scope{Pods: g.podCount(), Namespaces: len(g.Namespaces)} }

// groupKey is what failing pulls of one root cause share. Faults of the image
// go by the image, those of a registry or of the way to it by the registry, and
// those of a credential by registry and namespace; a token that ended is one
// trouble wherever it was copied to.
type groupKey struct {
	cause     cause.Cause
	registry  string
	image     string
	namespace string
}

func (k groupKey) String() string {
	switch {
	case k.image != "":
		return fmt.Sprintf("%s %s", k.cause, k.image)
	case k.namespace != "":
		return fmt.Sprintf("%s %s in %s", k.cause, k.registry, k.namespace)
	}
	return fmt.Sprintf("%s %s", k.cause, k.registry)
}

func keyOf(p FailingPull) groupKey {
	word := message.Waiting(p.Reason, p.Message)
	k := groupKey{cause: word.Cause, registry: ParseReference(p.Image).Host}
	switch v := vantageOf(word.Cause); {
	case v == VantageRegistry, v == VantageNetwork, word.Cause == cause.AuthExpired:
	case v == VantageCredential:
		k.namespace = p.Namespace
	default:
		k.image = p.Image
	}
	return k
}

func finish(g Group) Group {
	slices.SortFunc(g.Pods, func(a, b GroupPod) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Container, b.Container))
	})
	g.Namespaces = []string{}
	for _, p := range g.Pods {
		if !slices.Contains(g.Namespaces, p.Namespace) {
			g.Namespaces = append(g.Namespaces, p.Namespace)
		}
	}
	g.Severity = severityOf(g.hit())
	g.Summary = groupSummary(g)
	return g
}

func (g Group) podCount() int {
	names := make(map[string]bool)
	for _, p := range g.Pods {
		names[p.Namespace+"/"+p.Name] = true
	}
	return len(names)
}

func wider(a, b Group) int {
	return cmp.Or(
		cmp.Compare(len(b.Namespaces), len(a.Namespaces)),
		cmp.Compare(len(b.Pods), len(a.Pods)),
		cmp.Compare(a.Key, b.Key),
	)
}

// groupSummary is the kubelet's word in a sentence; nothing is proven yet.
func groupSummary(g Group) string {
	p := g.Pods[0]
	f := Facts{Target: Target{Namespace: p.Namespace, Name: p.Name}, Pod: Pod{Name: p.Name}}
	e := evidence{facts: f, ref: ParseReference(p.Image), pull: Pull{Image: p.Image, Container: p.Container}}
	switch g.Cause {
	case cause.PullSecretMalformed:
		return "A pull secret cannot be decoded, which stops every pull of its pods"
	case cause.AuthMissing:
		return e.ref.Host + " asks for a login, and the node has none to send"
	case cause.AuthExpired:
		return "The credential that nodes send to " + e.ref.Host + " has expired"
	case cause.AuthRejected, cause.PermissionDenied:
		return e.ref.Host + " refuses the credential that the node sends"
	}
	return summary(e, finding{cause: g.Cause})
}

// scopeOf counts the pods that fail like this one.
func scopeOf(f Facts, d Diagnosis) Scope {
	if d.Cause == cause.None {
		return Scope{}
	}
	pods, namespaces := map[string]bool{}, map[string]bool{}
	for _, p := range f.alike(d.Container) {
		pods[p.Namespace+"/"+p.Pod] = true
		namespaces[p.Namespace] = true
	}
	return Scope{Pods: len(pods), Namespaces: len(namespaces)}
}

// alike are the failing pulls of the cluster that have this container's root
// cause, as far as the kubelets' words tell; its own is the last.
func (f Facts) alike(container string) []FailingPull {
	own := f.own(container)
	key := keyOf(own)
	like := slices.DeleteFunc(slices.Clone(f.Failing), func(p FailingPull) bool { return keyOf(p) != key || p == own })
	return append(like, own)
}

// own is this pod's failing pull as the cluster-wide list would show it.
func (f Facts) own(container string) FailingPull {
	for _, p := range f.Failing {
		if p.Namespace == f.Target.Namespace && p.Pod == f.Pod.Name && p.Container == container {
			return p
		}
	}
	own := FailingPull{Namespace: f.Target.Namespace, Pod: f.Pod.Name, Container: container}
	for _, c := range f.Pod.Containers {
		if c.Name == container {
			own.Image, own.Reason, own.Message = c.Image, c.Reason, c.Message
		}
	}
	return own
}
