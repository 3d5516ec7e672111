package k8s

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/sandbox/cluster"
)

// scanned is what a scan tells, sorted, and its survey.
func scanned(t testing.TB, c *Cluster, options ScanOptions) ([]string, Survey, error) {
	t.Helper()
	var rows []string
	survey, err := c.Failing(t.Context(), options, func(found []runbook.FailingPull) {
		for _, f := range found {
			rows = append(rows, f.Namespace+"/"+f.Pod)
		}
	})
	slices.Sort(rows)
	return rows, survey, err
}

var townFailing = []string{
	"other/far", "other/restarted", "shop/backup-29-ccccc", "shop/canary-33cc-ddddd", "shop/db-2", "shop/lone", "shop/web-22bb-bbbbb",
}

func TestFailingBothWays(t *testing.T) {
	c := enter(t, town(t))
	for name, test := range map[string]struct {
		options ScanOptions
		want    []string
		pods    int
	}{
		// far and fine are named by events: one was read, the other is well; gone is gone.
		"quick":                      {ScanOptions{}, townFailing, 8},
		"thorough":                   {ScanOptions{Thorough: true}, townFailing, 11},
		"thorough, in small pages":   {ScanOptions{Thorough: true, Page: 2}, townFailing, 11},
		"quick, one namespace":       {ScanOptions{Namespace: "other"}, townFailing[:2], 3},
		"thorough, in one namespace": {ScanOptions{Namespace: "other", Thorough: true}, townFailing[:2], 3},
		"an empty namespace":         {ScanOptions{Namespace: "default"}, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			rows, survey, err := scanned(t, c, test.options)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, rows); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(Survey{Complete: true, Pods: test.pods}, survey); diff != "" {
				t.Errorf("survey (-want +got):\n%s", diff)
			}
		})
	}
}

// The first rows arrive while the events are still being read.
func TestFirstRowsDoNotWaitForEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stand := town(t)
		stand.Inject(cluster.Fault{Rule: cluster.Rule{Resource: "events"}, Delay: time.Second, Times: -1})
		start := time.Now()
		var told []time.Duration
		_, err := enter(t, stand).Failing(t.Context(), ScanOptions{}, func([]runbook.FailingPull) {
			told = append(told, time.Since(start))
		})
		if err != nil || !slices.Equal(told, []time.Duration{0, time.Second}) {
			t.Errorf("rows were told after %v, %v", told, err)
		}
		for _, r := range stand.Requests() {
			if r.Resource == "pods" && r.Verb == "list" && (r.ResourceVersion != "0" || r.FieldSelector == "") {
				t.Errorf("the API server was asked for more than its cache of pending pods: %+v", r)
			}
		}
	})
}

// Events only tell where to look, however many there are and whoever wrote
// them.
func TestForgedEventsCostLittleAndProveNothing(t *testing.T) {
	stand := town(t)
	for i := range 1000 {
		name := fmt.Sprintf("forged-%d", i)
		err := stand.Add(&corev1.Event{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}, Type: "Normal", Reason: "BackOff",
			Message:        `Back-off pulling image "registry.example.com/app:v1"`,
			InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: "shop", Name: name},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	odd := []corev1.ObjectReference{
		{Kind: "Pod", Namespace: "kube-system", Name: "elsewhere"}, {Kind: "Pod", Namespace: "shop", Name: "../secrets/regcred"},
	}
	for i, about := range odd {
		e := &corev1.Event{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: fmt.Sprintf("odd-%d", i)}, Type: "Normal", Reason: "BackOff",
			Message: "Back-off pulling image", InvolvedObject: about,
		}
		if err := stand.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	rows, survey, err := scanned(t, enter(t, stand), ScanOptions{})
	if err != nil || !survey.Complete || !slices.Equal(rows, townFailing) {
		t.Errorf("rows %v, survey %+v, %v", rows, survey, err)
	}
	if n := len(stand.Requests()); n > 10 {
		t.Errorf("%d requests for a thousand forged events", n)
	}
	for _, r := range stand.Requests() {
		if r.Namespace == "kube-system" || r.Resource == "secrets" {
			t.Errorf("an event led to %s", r.Path)
		}
	}
}

func TestInvariant2APartialScanIsNeverComplete(t *testing.T) {
	forbidden := runbook.Gap{What: "events in all namespaces", Why: "forbidden", Grant: "list events in all namespaces"}
	stand := town(t)
	stand.Forbid(cluster.Admin, cluster.Rule{Resource: "events"})
	rows, survey, err := scanned(t, enter(t, stand), ScanOptions{})
	if err != nil || survey.Complete || !slices.Equal(survey.Gaps, []runbook.Gap{forbidden}) || len(rows) != 6 {
		t.Errorf("without events: rows %v, survey %+v, %v", rows, survey, err)
	}
	stand.Forbid(cluster.Admin, cluster.Rule{Verb: "list", Resource: "pods"})
	for _, options := range []ScanOptions{{}, {Thorough: true}} {
		if _, survey, err := scanned(t, enter(t, stand), options); !errors.Is(err, ErrForbidden) || survey.Complete {
			t.Errorf("without pods: survey %+v, %v", survey, err)
		}
	}
}

func TestScanOfANamespaceThatDoesNotExist(t *testing.T) {
	for _, options := range []ScanOptions{{Namespace: "shap"}, {Namespace: "shap", Thorough: true}, {Namespace: "no/such"}} {
		_, survey, err := scanned(t, enter(t, town(t)), options)
		gone, ok := errors.AsType[*runbook.NotFoundError](err)
		if !ok || !gone.NamespaceMissing || survey.Complete {
			t.Errorf("%s: survey %+v, %v", options.Namespace, survey, err)
		}
	}
}

// A continuation that the API server forgot is replaced, and no row is told
// twice.
func TestThoroughScanOutlivesExpiredPages(t *testing.T) {
	stand := town(t)
	c := enter(t, stand)
	var once sync.Once
	var rows []string
	survey, err := c.Failing(t.Context(), ScanOptions{Thorough: true, Page: 3}, func(found []runbook.FailingPull) {
		for _, f := range found {
			rows = append(rows, f.Namespace+"/"+f.Pod)
		}
		once.Do(stand.Compact)
	})
	slices.Sort(rows)
	if err != nil || !survey.Complete || !slices.Equal(rows, townFailing) {
		t.Errorf("rows %v, survey %+v, %v", rows, survey, err)
	}
	if !slices.ContainsFunc(stand.Requests(), func(r cluster.Request) bool { return r.Status == http.StatusGone }) {
		t.Error("no page expired: the test shows nothing")
	}
}

// An API server that fails in the middle leaves what was seen, and says so.
func TestThoroughScanCutOff(t *testing.T) {
	stand := town(t)
	stand.Inject(cluster.Fault{Rule: cluster.Rule{Resource: "pods"}, First: 3, Times: -1, Status: http.StatusInternalServerError})
	rows, survey, err := scanned(t, enter(t, stand), ScanOptions{Thorough: true, Page: 2})
	if err != nil || survey.Complete || len(survey.Gaps) != 1 || survey.Pods != 4 || len(rows) == 0 {
		t.Errorf("rows %v, survey %+v, %v", rows, survey, err)
	}
}

// A page that expires again and again ends the scan, incomplete.
func TestThoroughScanGivesUp(t *testing.T) {
	gone := reply{status: http.StatusGone, json: metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"},
		Status:   metav1.StatusFailure, Reason: metav1.StatusReasonExpired, Code: http.StatusGone,
	}}
	asked := 0
	c := served(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked++; r.URL.Query().Get("continue") != "" {
			gone.write(t, w)
			return
		}
		reply{protobuf: podList(2)}.write(t, w)
	}))
	_, survey, err := scanned(t, c, ScanOptions{Thorough: true})
	if err != nil || survey.Complete || asked != 2*(restarts+1) {
		t.Errorf("survey %+v after %d requests, %v", survey, asked, err)
	}
}
