package k8s

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/pullfix/pullfix/runbook"
)

// fixture reads the pod of that name from testdata/pods.yaml.
func fixture(t *testing.T, name string) *corev1.Pod {
	t.Helper()
	text, err := os.ReadFile("testdata/pods.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for document := range strings.SplitSeq(string(text), "\n---\n") {
		pod := &corev1.Pod{}
		if err := yaml.UnmarshalStrict([]byte(document), pod); err != nil {
			t.Fatal(err)
		}
		if pod.Name == name {
			return pod
		}
	}
	t.Fatalf("no pod %s in the fixtures", name)
	return nil
}

func clock(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestPodFactsOfEveryKindOfContainer(t *testing.T) {
	pod := fixture(t, "kinds")
	want := runbook.Pod{
		Name: "kinds", UID: "11111111-1111-1111-1111-111111111111", Phase: "Running",
		Created: clock(t, "2026-11-22T03:00:00Z"), Scheduled: true, PullSecrets: []string{"first", "second"},
		ServiceAccount: "builder",
		Volumes:        []runbook.Volume{{Name: "model", Image: "library/model:v9", PullPolicy: "IfNotPresent"}},
		Containers: []runbook.Container{
			{
				Name: "setup", Kind: runbook.KindInit, Image: "registry.example.com/setup:v1", PullPolicy: "IfNotPresent",
				State: runbook.StateTerminated, Reason: "Completed", ImageID: "registry.example.com/setup@sha256:1", Ready: true,
			},
			{
				Name: "app", Kind: runbook.KindContainer, Image: "registry.example.com/app:v1", PullPolicy: "Always",
				State: runbook.StateWaiting, Reason: "ErrImagePull", Message: pod.Status.ContainerStatuses[2].State.Waiting.Message,
				Volumes: []string{"model"},
			},
			{
				Name: "crash", Kind: runbook.KindContainer, Image: "registry.example.com/crash:v1", PullPolicy: "IfNotPresent",
				State: runbook.StateWaiting, Reason: "CrashLoopBackOff", Message: "back-off 5m0s restarting failed container",
				ImageID: "registry.example.com/crash@sha256:2", Restarts: 7, ExitCode: 2,
			},
			{
				Name: "bare", Kind: runbook.KindContainer, Image: "nginx", PullPolicy: "Always",
				State: runbook.StateWaiting, Reason: "ImagePullBackOff", Message: `Back-off pulling image "nginx"`,
				Restarts: 2, ExitCode: 137,
			},
			{
				Name: "debug", Kind: runbook.KindEphemeral, Image: "busybox:nope", PullPolicy: "IfNotPresent",
				State: runbook.StateWaiting, Reason: "ErrImagePull", Message: pod.Status.EphemeralContainerStatuses[0].State.Waiting.Message,
			},
		},
	}
	if diff := cmp.Diff(want, podFacts(pod)); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
}

func TestPodFactsOfOddPods(t *testing.T) {
	static := podFacts(fixture(t, "static-node1"))
	if !static.Static || !static.Scheduled {
		t.Errorf("a mirror pod: static %v, scheduled %v", static.Static, static.Scheduled)
	}
	odd := fixture(t, "unscheduled")
	for want, references := range map[bool][]corev1.LocalObjectReference{true: {{}}, false: {{}, {Name: "regcred"}}} {
		if odd.Spec.ImagePullSecrets = references; podFacts(odd).Nameless != want {
			t.Errorf("%v: nameless is not %v", references, want)
		}
	}
	unscheduled := podFacts(fixture(t, "unscheduled"))
	if unscheduled.Scheduled || unscheduled.Unschedulable != "0/3 nodes are available: 3 Insufficient cpu." {
		t.Errorf("an unscheduled pod: %+v", unscheduled)
	}
	if state := unscheduled.Containers[0].State; state != "" {
		t.Errorf("a container without a status has state %q", state)
	}
	if !podFacts(fixture(t, "leaving")).Deleting {
		t.Error("a pod that is being deleted does not say so")
	}
}

func TestFailingPullsFindsEveryKindOfContainer(t *testing.T) {
	type row struct{ Container, Image, Since string }
	var got []row
	for _, f := range FailingPulls(fixture(t, "kinds")) {
		got = append(got, row{f.Container, f.Image, f.Since.UTC().Format(time.TimeOnly)})
		if f.Namespace != "shop" || f.Pod != "kinds" || f.Workload != "ReplicaSet/kinds-5f6d" {
			t.Errorf("%s stands at %s/%s of %s", f.Container, f.Namespace, f.Pod, f.Workload)
		}
	}
	want := []row{
		{"app", "library/model:v9", "03:05:00"}, // the volume's image, quoted in full by containerd
		{"bare", "nginx", "03:09:00"},           // since its last run ended
		{"debug", "busybox:nope", "03:05:00"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("failing (-want +got):\n%s", diff)
	}
}

func TestFailingPullsOfOddPods(t *testing.T) {
	for name, want := range map[string]int{"static-node1": 1, "unscheduled": 0, "malformed": 1, "leaving": 0, "evicted": 0} {
		if got := len(FailingPulls(fixture(t, name))); got != want {
			t.Errorf("%s: %d failing pulls, want %d", name, got, want)
		}
	}
	if since := FailingPulls(fixture(t, "malformed"))[0].Since; !since.Equal(clock(t, "2026-11-22T02:00:00Z")) {
		t.Errorf("without conditions a pod waits since its creation, not %v", since)
	}
}

func TestFailingPullsByReason(t *testing.T) {
	for reason, want := range map[string]bool{
		"ErrImagePull": true, "ImagePullBackOff": true, "InvalidImageName": true, "ErrImageNeverPull": true,
		"ImageInspectError": true, "RegistryUnavailable": true, "SignatureValidationFailed": true,
		"unable to parse auth field, must be formatted as base64(username:password)": true,
		"ContainerCreating": false, "PodInitializing": false, "CrashLoopBackOff": false,
		"CreateContainerConfigError": false, "CreateContainerError": false, "RunContainerError": false, "": false,
	} {
		pod := &corev1.Pod{
			Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "app:v1"}}},
			Status: corev1.PodStatus{Phase: corev1.PodPending, ContainerStatuses: []corev1.ContainerStatus{{
				Name: "c", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: reason}},
			}}},
		}
		if got := len(FailingPulls(pod)) == 1; got != want {
			t.Errorf("reason %q: failing %v, want %v", reason, got, want)
		}
	}
}

func TestTextsAreCutAtALetter(t *testing.T) {
	long := strings.Repeat("é", messageBytes)
	got := cut("x" + long)
	if len(got) > messageBytes+len("…") || !strings.HasSuffix(got, "é…") {
		t.Errorf("cut to %d bytes, ending in %q", len(got), got[len(got)-6:])
	}
	if got := cut("a\xffb"); got != "a�b" {
		t.Errorf("half a letter became %q", got)
	}
}
