package cluster

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/streaming"
	"k8s.io/apimachinery/pkg/watch"
)

// watcher is one watch: it sends what changed, in order, until its time is over.
type watcher struct {
	cluster   *Cluster
	call      *call
	pick      selection
	form      form
	version   uint64 // sent up to here
	bookmarks bool
	out       streaming.Encoder
	flush     func() error
}

func (c *Cluster) watch(w http.ResponseWriter, k *call) {
	options, pick, err := c.listOptions(k)
	if err != nil {
		c.refuse(w, k, err)
		return
	}
	f, err := c.negotiate(k.Header.Get("Accept"))
	if err != nil {
		c.refuse(w, k, err)
		return
	}
	version, err := parseVersion(options.ResourceVersion)
	if err != nil {
		c.refuse(w, k, err)
		return
	}
	if now := c.store.now(); version > now {
		c.refuse(w, k, tooLarge(version, now))
		return
	}
	framer := f.StreamSerializer.NewFrameWriter(w)
	s := &watcher{
		cluster: c, call: k, pick: pick, form: f, version: version, bookmarks: options.AllowWatchBookmarks,
		out: streaming.NewEncoder(framer, f.StreamSerializer.Serializer), flush: http.NewResponseController(w).Flush,
	}
	media := f.MediaType
	if media != runtime.ContentTypeJSON {
		media += ";stream=watch"
	}
	w.Header().Set("Content-Type", media)
	w.WriteHeader(http.StatusOK)
	if err := s.run(options); err != nil {
		c.log.Debug("watch ended", "resource", k.res.id(), "err", err)
	}
}

// run sends the initial state where that is asked for, then the changes.
func (s *watcher) run(o internalversion.ListOptions) error {
	initial := o.SendInitialEvents != nil && *o.SendInitialEvents
	if initial || o.ResourceVersion == "" || o.ResourceVersion == "0" {
		if o.SendInitialEvents == nil || initial {
			if err := s.sendPresent(initial && s.bookmarks); err != nil {
				return err
			}
		} else {
			s.version = s.cluster.store.now()
		}
	}
	if err := s.flush(); err != nil {
		return err
	}
	timeout := time.Hour
	if o.TimeoutSeconds != nil && *o.TimeoutSeconds > 0 {
		timeout = time.Duration(*o.TimeoutSeconds) * time.Second
	}
	return s.follow(timeout)
}

func (s *watcher) sendPresent(marked bool) error {
	objects, version, _ := s.cluster.store.read(s.call.res, 0)
	for _, o := range objects {
		if s.pick.matches(o) {
			if err := s.send(watch.Added, o); err != nil {
				return err
			}
		}
	}
	s.version = version
	if !marked {
		return nil
	}
	return s.bookmark(map[string]string{metav1.InitialEventsAnnotationKey: "true"})
}

func (s *watcher) follow(timeout time.Duration) error {
	end := time.NewTimer(timeout)
	defer end.Stop()
	tick := time.NewTicker(s.cluster.options.BookmarkEvery)
	defer tick.Stop()
	for {
		changes, reached, moved, ok := s.cluster.store.since(s.call.res, s.version)
		if !ok {
			return s.tooOld()
		}
		for _, c := range changes {
			if err := s.tell(c); err != nil {
				return err
			}
		}
		s.version = reached
		if len(changes) > 0 {
			if err := s.flush(); err != nil {
				return err
			}
		}
		select {
		case <-moved:
		case <-tick.C:
			if s.bookmarks {
				if err := s.bookmark(nil); err != nil {
					return err
				}
			}
		case <-end.C:
			return nil
		case <-s.call.Context().Done():
			return nil
		}
	}
}

// tell sends a change as the selection sees it: an object that comes to match
// is added, one that no longer does is deleted.
func (s *watcher) tell(c change) error {
	before := c.old != nil && s.pick.matches(c.old)
	after := c.new != nil && s.pick.matches(c.new)
	switch {
	case after && before:
		return s.send(watch.Modified, c.new)
	case after:
		return s.send(watch.Added, c.new)
	case before:
		last, _ := c.old.DeepCopyObject().(object)
		last.SetResourceVersion(strconv.FormatUint(c.version, 10))
		return s.send(watch.Deleted, last)
	}
	return nil
}

func (s *watcher) tooOld() error {
	err := apierrors.NewResourceExpired(fmt.Sprintf("too old resource version: %d (%d)", s.version, s.cluster.store.now()))
	if err := s.sendRaw(watch.Error, statusOf(err)); err != nil {
		return err
	}
	return s.flush()
}

// bookmark sends an empty object that says how far the watch is.
func (s *watcher) bookmark(annotations map[string]string) error {
	empty, err := s.cluster.scheme.New(s.call.res.gvk)
	if err != nil {
		return err
	}
	o, _ := empty.(object)
	typed(o, s.call.res.gvk)
	o.SetResourceVersion(strconv.FormatUint(s.version, 10))
	o.SetAnnotations(annotations)
	if err := s.send(watch.Bookmark, o); err != nil {
		return err
	}
	return s.flush()
}

func (s *watcher) send(kind watch.EventType, o object) error {
	shaped, err := s.cluster.shaped(s.form, s.call, o)
	if err != nil {
		return err
	}
	return s.sendRaw(kind, shaped)
}

func (s *watcher) sendRaw(kind watch.EventType, o runtime.Object) error {
	var body bytes.Buffer
	if err := s.form.Serializer.Encode(o, &body); err != nil {
		return fmt.Errorf("encoding a watch event: %w", err)
	}
	return s.out.Encode(&metav1.WatchEvent{Type: string(kind), Object: runtime.RawExtension{Raw: body.Bytes()}})
}
