package cluster

import (
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// recorder writes events as client-go's recorder does: the same event again is
// a higher count, and an object that causes many loses some.
type recorder struct {
	cluster   *Cluster
	component string
	host      string
	mu        sync.Mutex
	buckets   map[string]*bucket
	known     map[string]string // the name of an event, by what it says
}

// bucket is the spam filter of an object and type: 25 events, one more every
// five minutes.
type bucket struct {
	tokens float64
	at     time.Time
}

const (
	eventBurst  = 25
	eventRefill = 300 * time.Second
)

func newRecorder(c *Cluster, component, host string) *recorder {
	return &recorder{cluster: c, component: component, host: host, buckets: map[string]*bucket{}, known: map[string]string{}}
}

// note is one thing to tell of an object.
type note struct {
	about                     corev1.ObjectReference
	severity, reason, message string
}

func warning(about corev1.ObjectReference, reason, message string) note {
	return note{about, corev1.EventTypeWarning, reason, message}
}

func normal(about corev1.ObjectReference, reason, message string) note {
	return note{about, corev1.EventTypeNormal, reason, message}
}

func (r *recorder) record(n note) {
	name, ok := r.admit(n)
	if !ok {
		return
	}
	events := r.cluster.byKind("Event")
	at := timestamp()
	_, err := r.cluster.store.write(events, key{n.about.Namespace, name}, func(now object) (object, error) {
		if seen, ok := now.(*corev1.Event); ok {
			next := seen.DeepCopy()
			next.Count++
			next.LastTimestamp = at
			return next, nil
		}
		e := &corev1.Event{
			ObjectMeta:     metav1.ObjectMeta{Namespace: n.about.Namespace, Name: name},
			InvolvedObject: n.about, Reason: n.reason, Message: n.message, Type: n.severity, Count: 1,
			FirstTimestamp: at, LastTimestamp: at,
			Source: corev1.EventSource{Component: r.component, Host: r.host}, ReportingController: r.component, ReportingInstance: r.host,
		}
		r.cluster.stamp(events, e)
		return e, nil
	})
	if err != nil {
		r.cluster.log.Error("recording an event", "err", err)
	}
}

// admit applies the spam filter and names the event.
func (r *recorder) admit(n note) (string, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	source := string(n.about.UID) + "/" + n.severity
	b := r.buckets[source]
	if b == nil {
		b = &bucket{tokens: eventBurst, at: time.Now()}
		r.buckets[source] = b
	}
	b.tokens = min(eventBurst, b.tokens+time.Since(b.at).Seconds()/eventRefill.Seconds())
	b.at = time.Now()
	if b.tokens < 1 {
		return "", false
	}
	b.tokens--
	what := fmt.Sprint(source, n.about.FieldPath, n.reason, n.message)
	name := r.known[what]
	if _, alive := r.cluster.store.get(r.cluster.byKind("Event"), key{n.about.Namespace, name}); name == "" || !alive {
		// Several recorders may name events at the same instant.
		name = fmt.Sprintf("%s.%x", n.about.Name, uint64(time.Now().UnixNano())+r.cluster.named.Add(1))
		r.known[what] = name
	}
	return name, true
}

// about refers to an object in an event.
func about(r *resource, o object) corev1.ObjectReference {
	return corev1.ObjectReference{
		Kind: r.gvk.Kind, APIVersion: r.gvk.GroupVersion().String(), Namespace: o.GetNamespace(), Name: o.GetName(),
		UID: o.GetUID(), ResourceVersion: o.GetResourceVersion(),
	}
}
