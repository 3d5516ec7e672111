package runbook

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pullfix/pullfix/runbook/keyring"
	"github.com/pullfix/pullfix/runbook/scrub"
	"github.com/pullfix/pullfix/runbook/vendor"
)

// fold is an inventory on its way.
type fold struct {
	held    map[secretKey]Held
	hosts   map[string]*hostFold
	matched map[secretKey]bool // some entry matches some image
	named   map[secretKey]int  // workloads that name the secret
	found   map[lookupKey]keyring.Lookup
}

type secretKey struct{ namespace, name string }

type lookupKey struct {
	secretKey
	repository string
}

// hostFold is one registry on its way.
type hostFold struct {
	repositories, namespaces map[string]bool
	workloads, without       int
	secrets                  map[secretKey]*SecretUse
}

func newFold(held []Held) *fold {
	f := &fold{
		held: make(map[secretKey]Held), hosts: make(map[string]*hostFold), matched: make(map[secretKey]bool),
		named: make(map[secretKey]int), found: make(map[lookupKey]keyring.Lookup),
	}
	for _, h := range held {
		f.held[secretKey{h.Namespace, h.Name}] = h
	}
	return f
}

// add counts one workload.
func (f *fold) add(u Use) {
	for _, name := range slices.Compact(slices.Sorted(slices.Values(u.Secrets))) {
		f.named[secretKey{u.Namespace, name}]++
	}
	byHost := make(map[string][]string)
	for _, image := range u.Images {
		ref := ParseReference(image)
		if ref.Host == "" || ref.Problem != "" {
			continue // it is pulled from nowhere
		}
		byHost[ref.Host] = append(byHost[ref.Host], image)
	}
	for name, images := range byHost {
		f.addHost(u, name, images)
	}
}

func (f *fold) addHost(u Use, name string, images []string) {
	h, ok := f.hosts[name]
	if !ok {
		h = &hostFold{repositories: make(map[string]bool), namespaces: make(map[string]bool), secrets: make(map[secretKey]*SecretUse)}
		f.hosts[name] = h
	}
	h.workloads++
	h.namespaces[u.Namespace] = true
	for _, image := range images {
		h.repositories[ParseReference(image).Repository] = true
	}
	covered := false
	for _, secret := range slices.Compact(slices.Sorted(slices.Values(u.Secrets))) {
		key := secretKey{u.Namespace, secret}
		use, has := f.use(key, images)
		if use == nil {
			continue
		}
		covered = covered || has
		if known, ok := h.secrets[key]; ok {
			known.merge(use)
			use = known
		}
		use.Workloads++
		h.secrets[key] = use
	}
	if !covered {
		h.without++
	}
}

// use says what a secret has for the images; nil when it has nothing to do with
// them. What cannot be read may have anything.
func (f *fold) use(key secretKey, images []string) (use *SecretUse, covers bool) {
	h, known := f.held[key]
	use = &SecretUse{Namespace: key.namespace, Name: key.name, Keys: []string{}, Kinds: []string{}, Owner: ownedBy(h.Owner)}
	switch {
	case h.Missing:
		use.State = SecretMissing
		return use, false
	case !known || h.Unreadable:
		use.State = SecretUnreadable
		return use, false
	}
	for _, image := range images {
		found := f.find(key, h, image)
		if len(found.Malformed) > 0 {
			use.State = SecretMalformed
			return use, false
		}
		use.take(found)
	}
	if len(use.Keys) == 0 {
		return nil, false
	}
	use.State = SecretMatches
	f.matched[key] = true
	return use, true
}

// find judges a secret once for each repository.
func (f *fold) find(key secretKey, h Held, image string) keyring.Lookup {
	ref := ParseReference(image)
	at := lookupKey{key, ref.Host + "/" + ref.Repository}
	found, ok := f.found[at]
	if !ok {
		found = keyring.Find(image, []keyring.PullSecret{h.PullSecret})
		for n := range found.Entries {
			found.Entries[n].Credential = keyring.Credential{} // only what is shown is kept
		}
		f.found[at] = found
	}
	return found
}

// take adds the entries that match.
func (s *SecretUse) take(found keyring.Lookup) {
	for _, at := range found.Used {
		e := found.Entries[at]
		s.Keys = with(s.Keys, scrub.Text(e.Key))
		if e.Kind != "" {
			s.Kinds = with(s.Kinds, e.Kind)
		}
		if e.Expires != nil && (s.Expires == nil || e.Expires.Before(*s.Expires)) {
			s.Expires = e.Expires
		}
	}
}

func (s *SecretUse) merge(other *SecretUse) {
	for _, key := range other.Keys {
		s.Keys = with(s.Keys, key)
	}
	for _, kind := range other.Kinds {
		s.Kinds = with(s.Kinds, kind)
	}
	if other.Expires != nil && (s.Expires == nil || other.Expires.Before(*s.Expires)) {
		s.Expires = other.Expires
	}
	if s.State != SecretMatches {
		s.State = other.State
	}
}

func with(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

func ownedBy(o *Ownership) string {
	if o == nil {
		return ""
	}
	return scrub.Text(strings.TrimSpace(o.By + " " + o.Name))
}

// registries are what was counted, the most used first.
func (f *fold) registries() []RegistryUse {
	list := make([]RegistryUse, 0, len(f.hosts))
	for host, h := range f.hosts {
		r := RegistryUse{
			Host: host, Vendor: string(vendor.Of(host)), Repositories: len(h.repositories), Workloads: h.workloads,
			Namespaces: sortedNames(h.namespaces), Secrets: []SecretUse{}, WithoutSecret: h.without,
		}
		for _, s := range h.secrets {
			slices.Sort(s.Keys)
			slices.Sort(s.Kinds)
			r.Secrets = append(r.Secrets, *s)
		}
		slices.SortFunc(r.Secrets, func(a, b SecretUse) int {
			return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
		})
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b RegistryUse) int {
		return cmp.Or(cmp.Compare(b.Workloads, a.Workloads), cmp.Compare(a.Host, b.Host))
	})
	return list
}

func sortedNames(set map[string]bool) []string {
	names := make([]string, 0, len(set))
	for name := range set {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// unused are the secrets that could be read and match nothing.
func (f *fold) unused() []UnusedEntries {
	list := []UnusedEntries{}
	for key, workloads := range f.named {
		h, known := f.held[key]
		if !known || h.Missing || h.Unreadable || f.matched[key] {
			continue
		}
		u := UnusedEntries{Namespace: key.namespace, Name: key.name, Keys: []string{}, Workloads: workloads, Why: "no entry matches an image of those who name it"}
		found := keyring.Find("registry.invalid/none", []keyring.PullSecret{h.PullSecret})
		for _, e := range found.Entries {
			u.Keys = with(u.Keys, scrub.Text(e.Key))
		}
		switch {
		case len(found.Malformed) > 0:
			u.Why = "it cannot be decoded, which stops every pull of its pods"
		case len(found.Problems) > 0:
			u.Why = scrub.Text(found.Problems[0].Text)
		}
		list = append(list, u)
	}
	slices.SortFunc(list, func(a, b UnusedEntries) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return list
}
