package k8s

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/keyring"
)

// Bounds of an inventory: workloads that are told apart, secrets that are read
// one by one where they may not be listed, and gaps that are told.
const (
	usesMost   = 50000
	heldByName = 500
	gapsTold   = 50
)

// Inventory says from which registries the cluster pulls, by which pull secrets;
// "" is all namespaces. Pods are read in pages, and only the workloads behind
// them are remembered. Credentials are read, judged and forgotten. Every request
// is a GET.
func (c *Cluster) Inventory(ctx context.Context, namespace string) (runbook.Inventory, error) {
	t := &taking{observer: observer{api: c.api, log: c.log}, namespace: namespace, uses: make(map[useKey]*runbook.Use), held: make(map[heldKey]*runbook.Held)}
	if namespace != "" && len(validation.IsDNS1123Label(namespace)) > 0 {
		return runbook.Inventory{}, similar(ctx, c.api, runbook.Target{Cluster: c.name, Namespace: namespace})
	}
	if err := t.pods(ctx); err != nil {
		return runbook.Inventory{}, err
	}
	if t.seen == 0 && namespace != "" && noNamespace(ctx, c.api, namespace) {
		return runbook.Inventory{}, similar(ctx, c.api, runbook.Target{Cluster: c.name, Namespace: namespace})
	}
	t.secrets(ctx)
	i := runbook.TakeInventory(t.allUses(), t.allHeld())
	gaps := t.sortedGaps()
	i.Cluster, i.Namespace, i.TakenAt, i.Pods, i.Complete = c.name, namespace, time.Now().UTC(), t.seen, len(gaps) == 0
	if more := len(gaps) - gapsTold; more > 0 {
		gaps = append(gaps[:gapsTold:gapsTold], runbook.Gap{What: fmt.Sprintf("%d more", more), Why: "left out here"})
	}
	i.Gaps = append(i.Gaps, gaps...)
	return i, ctx.Err()
}

// taking is an inventory being taken.
type taking struct {
	observer
	namespace string
	seen      int
	uses      map[useKey]*runbook.Use

	turn sync.Mutex // guards what follows
	held map[heldKey]*runbook.Held
}

type useKey struct{ namespace, workload, images, secrets string }

type heldKey struct{ namespace, name string }

// pods reads all pods, page by page, and remembers the workloads.
func (t *taking) pods(ctx context.Context) error {
	q := question{resource: pods, namespace: t.namespace, limit: pageDefault}
	for {
		p, err := each(ctx, t.api, q, func(pod *corev1.Pod) bool {
			t.pod(pod)
			return true
		})
		switch {
		case err == nil && p.next == "":
			return nil
		case err == nil:
			q.next = p.next
		case expired(err) && offered(err) != "":
			q.next = offered(err)
		case t.seen == 0:
			return err
		default:
			t.gap(ctx, q, err)
			return ctx.Err()
		}
	}
}

func (t *taking) pod(pod *corev1.Pod) {
	if pod.Status.Phase == corev1.PodFailed || pod.Status.Phase == corev1.PodSucceeded {
		return
	}
	t.seen++
	var images []string
	for _, c := range containers(pod) {
		images = append(images, c.image)
	}
	for _, v := range imageVolumes(&pod.Spec) {
		images = append(images, v.Image)
	}
	images = slices.Compact(slices.Sorted(slices.Values(images)))
	secrets := referenced(pod.Spec.ImagePullSecrets)
	key := useKey{pod.Namespace, family(pod), strings.Join(images, " "), strings.Join(secrets, " ")}
	if _, known := t.uses[key]; known {
		return
	}
	if len(t.uses) >= usesMost {
		t.note(runbook.Gap{What: "pods" + question{resource: pods, namespace: t.namespace}.where(), Why: fmt.Sprintf("only the first %d workloads were counted", usesMost)})
		return
	}
	t.uses[key] = &runbook.Use{Namespace: pod.Namespace, Workload: key.workload, Images: images, Secrets: secrets}
}

// runOf is the number that a CronJob gives each of its Jobs.
var runOf = regexp.MustCompile(`-\d{6,}$`)

// family is the workload behind a pod, as far as names tell: ReplicaSets are
// named after their Deployment and the hash of its template.
func family(pod *corev1.Pod) string {
	owner := controllerOf(pod.OwnerReferences)
	if owner == nil {
		return kindPod + "/" + pod.Name
	}
	if hash := pod.Labels["pod-template-hash"]; owner.Kind == kindReplicaSet && hash != "" {
		if name, ok := strings.CutSuffix(owner.Name, "-"+hash); ok {
			return kindDeployment + "/" + name
		}
	}
	if owner.Kind == kindJob && runOf.MatchString(owner.Name) {
		return kindCronJob + "/" + runOf.ReplaceAllString(owner.Name, "")
	}
	return owner.Kind + "/" + owner.Name
}

// secrets reads the pull secrets that workloads name: listed where that is
// allowed, else one by one.
func (t *taking) secrets(ctx context.Context) {
	for _, u := range t.uses {
		for _, name := range u.Secrets {
			t.held[heldKey{u.Namespace, name}] = nil
		}
	}
	if len(t.held) == 0 {
		return
	}
	sideBySide(
		func() { t.listed(ctx, corev1.SecretTypeDockerConfigJson) },
		func() { t.listed(ctx, corev1.SecretTypeDockercfg) },
	)
	t.oneByOne(ctx)
}

// listed keeps those of one type that are named. A list that is forbidden is no
// gap: they are asked for by name then.
func (t *taking) listed(ctx context.Context, kind corev1.SecretType) {
	q := question{resource: secrets, namespace: t.namespace, fields: "type=" + string(kind), limit: pageDefault}
	for {
		p, err := each(ctx, t.api, q, func(secret *corev1.Secret) bool {
			t.keep(secret)
			return true
		})
		if err != nil || p.next == "" {
			return
		}
		q.next = p.next
	}
}

func (t *taking) keep(secret *corev1.Secret) {
	t.turn.Lock()
	defer t.turn.Unlock()
	key := heldKey{secret.Namespace, secret.Name}
	if _, named := t.held[key]; named {
		t.held[key] = &runbook.Held{PullSecret: pullSecret(onlyPullData(secret)), Owner: ownership(&secret.ObjectMeta)}
	}
}

// onlyPullData leaves what makes a pull secret.
func onlyPullData(secret *corev1.Secret) *corev1.Secret {
	for key := range secret.Data {
		if key != corev1.DockerConfigJsonKey && key != corev1.DockerConfigKey {
			delete(secret.Data, key)
		}
	}
	return secret
}

// oneByOne asks for those that no list showed: missing ones, of another type, or
// all where lists are forbidden.
func (t *taking) oneByOne(ctx context.Context) {
	var group errgroup.Group
	group.SetLimit(atOnce)
	asked := 0
	for _, key := range t.unknown() {
		if asked++; asked > heldByName {
			t.fill(key, runbook.Held{Unreadable: true})
			t.note(runbook.Gap{What: "secrets" + question{resource: secrets, namespace: t.namespace}.where(), Why: fmt.Sprintf("only %d were asked for by name", heldByName), Grant: question{resource: secrets, namespace: t.namespace}.grant()})
			continue
		}
		group.Go(func() error { t.one(ctx, key); return nil })
	}
	_ = group.Wait() // each that failed is a gap of its own
}

func (t *taking) unknown() []heldKey {
	t.turn.Lock()
	defer t.turn.Unlock()
	var list []heldKey
	for key, h := range t.held {
		if h == nil {
			list = append(list, key)
		}
	}
	slices.SortFunc(list, func(a, b heldKey) int {
		return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name))
	})
	return list
}

func (t *taking) one(ctx context.Context, key heldKey) {
	q := question{resource: secrets, namespace: key.namespace, name: key.name}
	secret, gone := ask[corev1.Secret](ctx, &t.observer, q)
	switch {
	case gone:
		t.fill(key, runbook.Held{PullSecret: keyring.PullSecret{Missing: true}})
	case secret == nil:
		t.fill(key, runbook.Held{Unreadable: true})
	default:
		t.keep(secret)
	}
}

func (t *taking) fill(key heldKey, h runbook.Held) {
	t.turn.Lock()
	defer t.turn.Unlock()
	h.Namespace, h.Name = key.namespace, key.name
	t.held[key] = &h
}

// allUses are the workloads, each once: pods of two templates are two uses of
// one workload.
func (t *taking) allUses() []runbook.Use {
	byName := make(map[[2]string]*runbook.Use)
	for _, u := range t.uses {
		key := [2]string{u.Namespace, u.Workload}
		known, ok := byName[key]
		if !ok {
			byName[key] = u
			continue
		}
		known.Images = slices.Compact(slices.Sorted(slices.Values(append(known.Images, u.Images...))))
		for _, s := range u.Secrets {
			if !slices.Contains(known.Secrets, s) {
				known.Secrets = append(known.Secrets, s)
			}
		}
	}
	all := make([]runbook.Use, 0, len(byName))
	for _, u := range byName {
		all = append(all, *u)
	}
	return all
}

func (t *taking) allHeld() []runbook.Held {
	var all []runbook.Held
	for _, h := range t.held {
		if h != nil {
			all = append(all, *h)
		}
	}
	return all
}
