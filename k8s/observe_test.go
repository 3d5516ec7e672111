package k8s

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullfix/pullfix/runbook"
)

func at(t *testing.T, text string) *time.Time {
	moment := clock(t, text)
	return &moment
}

func TestObservePodOfADeployment(t *testing.T) {
	seen := observed(t, enter(t, town(t)), in("shop", "", "web-22bb-bbbbb"))
	f := seen.Facts
	if f.Target != (runbook.Target{Cluster: "prod-eu", Namespace: "shop", Kind: "Pod", Name: "web-22bb-bbbbb"}) {
		t.Errorf("target %+v", f.Target)
	}
	v1, v2 := map[string]string{"app": "registry.example.com/web:v1"}, map[string]string{"app": "registry.example.com/web:v2"}
	want := &runbook.Workload{
		Kind: "Deployment", Name: "web", UID: "deploy-web", Generation: 4, Desired: 2, Updated: 1, Ready: 1, Available: 1,
		FailingPods: []string{"web-22bb-bbbbb"}, Blocked: true, Strategy: "RollingUpdate",
		Template: runbook.Template{
			Images: v2, PullSecrets: []string{"regcred", "plain", "absent"}, Account: "builder",
			LastWriter: "argocd-controller", LastWritten: at(t, "2026-11-22T02:59:00Z"),
		},
		Revisions: []runbook.Revision{{Number: 2, Images: v2, Pods: 1}, {Number: 1, Images: v1, Ran: true, Pods: 1, Ready: 1}},
		Owner:     &runbook.Ownership{By: runbook.OwnerArgoCD, Name: "web", Effect: "reverted within seconds with self-heal, else at the next sync"},
	}
	if diff := cmp.Diff(want, f.Workload); diff != "" {
		t.Errorf("workload (-want +got):\n%s", diff)
	}
	node := &runbook.Node{
		Name: "node1", OS: "linux", Arch: "amd64", KubeletVersion: "v1.36.3", Runtime: "containerd://2.4.2", Ready: true, DiskPressure: true,
	}
	if diff := cmp.Diff(node, f.Node); diff != "" {
		t.Errorf("node (-want +got):\n%s", diff)
	}
	account := &runbook.ServiceAccount{Name: "builder", PullSecrets: []string{"regcred", "spare"}, LastWritten: at(t, "2026-11-22T03:30:00Z")}
	if diff := cmp.Diff(account, f.Account); diff != "" {
		t.Errorf("account (-want +got):\n%s", diff)
	}
	if len(f.Events) != 1 || f.Events[0].Container != "app" || f.Events[0].Count != 3 {
		t.Errorf("events %+v", f.Events)
	}
	if len(f.Gaps) > 0 {
		t.Errorf("gaps %+v", f.Gaps)
	}
}

func TestObserveListsTheFailingPodsOfTheCluster(t *testing.T) {
	f := observed(t, enter(t, town(t)), in("shop", "", "web-22bb-bbbbb")).Facts
	var got []string
	for _, p := range f.Failing {
		got = append(got, p.Namespace+"/"+p.Pod)
	}
	want := []string{"shop/web-22bb-bbbbb", "other/far", "shop/backup-29-ccccc", "shop/canary-33cc-ddddd", "shop/db-2", "shop/lone"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("failing (-want +got):\n%s", diff)
	}
}

func TestObserveSecrets(t *testing.T) {
	seen := observed(t, enter(t, town(t)), in("shop", "", "web-22bb-bbbbb"))
	for i := range seen.Facts.Secrets {
		seen.Facts.Secrets[i].Created = nil
	}
	want := []runbook.SecretFacts{
		{
			Name: "regcred", UID: "secret-regcred", Type: "kubernetes.io/dockerconfigjson", Listed: true,
			Owner:      &runbook.Ownership{By: runbook.OwnerExternalSecrets, Name: "ExternalSecret/regcred", Effect: "reverted within seconds"},
			LastWriter: "externalsecrets", LastWritten: at(t, "2026-11-20T03:30:00Z"),
		},
		{Name: "plain", UID: "secret-plain", Type: "Opaque", Listed: true},
		{Name: "absent", Missing: true, Listed: true},
		{Name: "spare", UID: "secret-spare", Type: "kubernetes.io/dockerconfigjson", Immutable: true},
	}
	if diff := cmp.Diff(want, seen.Facts.Secrets); diff != "" {
		t.Errorf("secrets (-want +got):\n%s", diff)
	}
	if len(seen.Listed) != 3 || seen.Listed[0].Name != "regcred" || seen.Listed[1].Type != "Opaque" || !seen.Listed[2].Missing {
		t.Errorf("listed: %v", seen.Listed)
	}
	if content := seen.Listed[0].Data[".dockerconfigjson"].Reveal(); !strings.Contains(content, "marker-regcred") {
		t.Errorf("the secret's content did not arrive")
	}
	if _, there := seen.Listed[1].Data["database"]; there {
		t.Error("data that is no pull secret's was kept")
	}
	if len(seen.Unlisted) != 1 || seen.Unlisted[0].Name != "spare" {
		t.Errorf("unlisted: %v", seen.Unlisted)
	}
}

// Marker passwords are in secrets of every kind, and in the annotation that
// kubectl apply leaves behind.
func TestInvariant7NoCredentialInFacts(t *testing.T) {
	c := enter(t, town(t))
	for _, target := range []runbook.Target{in("shop", "", "web-22bb-bbbbb"), in("shop", "Deployment", "web"), in("shop", "", "lone")} {
		seen := observed(t, c, target)
		text, err := json.Marshal(seen.Facts)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "marker-") || strings.Contains(string(text), "last-applied") {
			t.Errorf("%s: a marker stands in the facts: %s", target.Name, text)
		}
		if _, err := json.Marshal(seen); err == nil {
			t.Error("an observation can be marshalled")
		}
	}
}

func TestObserveTopOfTheChain(t *testing.T) {
	c := enter(t, town(t))
	for _, test := range []struct {
		pod            string
		kind, name     string
		blocked, old   bool
		revisions      int
		desired, ready int
	}{
		{"web-11aa-aaaaa", "Deployment", "web", true, true, 2, 2, 1},
		{"db-2", "StatefulSet", "db", true, false, 2, 3, 2},
		{"db-0", "StatefulSet", "db", true, true, 2, 3, 2},
		{"agent-eeeee", "DaemonSet", "agent", false, false, 0, 1, 1},
		{"backup-29-ccccc", "CronJob", "backup", false, false, 0, 1, 0},
		{"canary-33cc-ddddd", "Rollout", "canary", false, false, 0, 0, 0},
	} {
		w := observed(t, c, in("shop", "Pod", test.pod)).Facts.Workload
		if w == nil {
			t.Errorf("%s: no workload", test.pod)
			continue
		}
		if w.Kind != test.kind || w.Name != test.name || w.Blocked != test.blocked || w.OldRevision != test.old ||
			len(w.Revisions) != test.revisions || w.Desired != test.desired || w.Ready != test.ready {
			t.Errorf("%s: %+v", test.pod, w)
		}
	}
	if w := observed(t, c, in("shop", "Pod", "lone")).Facts.Workload; w != nil {
		t.Errorf("a bare pod has workload %+v", w)
	}
}

func TestObserveWorkloadChoosesAPod(t *testing.T) {
	c := enter(t, town(t))
	for _, test := range []struct{ kind, name, pod, top string }{
		{"Deployment", "web", "web-22bb-bbbbb", "Deployment/web"},
		{"StatefulSet", "db", "db-2", "StatefulSet/db"},
		{"DaemonSet", "agent", "agent-eeeee", "DaemonSet/agent"},
		{"Job", "backup-29", "backup-29-ccccc", "CronJob/backup"},
		{"CronJob", "backup", "backup-29-ccccc", "CronJob/backup"},
		{"ReplicaSet", "web-11aa", "web-11aa-aaaaa", "Deployment/web"},
		{"ReplicaSet", "web-22bb", "web-22bb-bbbbb", "Deployment/web"},
		{"ReplicaSet", "canary-33cc", "canary-33cc-ddddd", "Rollout/canary"},
	} {
		f := observed(t, c, in("shop", test.kind, test.name)).Facts
		if f.Pod.Name != test.pod || f.Workload.Kind+"/"+f.Workload.Name != test.top {
			t.Errorf("%s/%s: pod %s of %s/%s", test.kind, test.name, f.Pod.Name, f.Workload.Kind, f.Workload.Name)
		}
		if f.Node == nil || f.Account == nil || len(f.Secrets) != 4 {
			t.Errorf("%s/%s: node %v, account %v, secrets %v", test.kind, test.name, f.Node, f.Account, f.Secrets)
		}
		if f.Target.Kind != test.kind {
			t.Errorf("%s/%s: the target became %+v", test.kind, test.name, f.Target)
		}
	}
}

// A ReplicaSet may outlive its Deployment, and a pod its ReplicaSet.
func TestObserveOrphans(t *testing.T) {
	stand := town(t)
	web := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"}}
	if err := stand.Remove(web); err != nil {
		t.Fatal(err)
	}
	c := enter(t, stand)
	if w := observed(t, c, in("shop", "", "web-22bb-bbbbb")).Facts.Workload; w.Kind != "ReplicaSet" || w.Name != "web-22bb" || w.Desired != 1 {
		t.Errorf("without the Deployment: %+v", w)
	}
	if err := stand.Remove(&appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web-22bb"}}); err != nil {
		t.Fatal(err)
	}
	if w := observed(t, c, in("shop", "", "web-22bb-bbbbb")).Facts.Workload; w.Kind != "ReplicaSet" || w.Name != "web-22bb" || w.Desired != 0 {
		t.Errorf("without both: %+v", w)
	}
}

// The ServiceAccount may name a secret that no list shows.
func TestObserveSecretsOfTheServiceAccount(t *testing.T) {
	stand := town(t)
	account := &corev1.ServiceAccount{
		ObjectMeta:       metav1.ObjectMeta{Namespace: "shop", Name: "builder"},
		ImagePullSecrets: []corev1.LocalObjectReference{{Name: "nowhere"}},
	}
	if err := stand.Add(account); err != nil {
		t.Fatal(err)
	}
	seen := observed(t, enter(t, stand), in("shop", "", "lone"))
	want := runbook.SecretFacts{Name: "nowhere", Missing: true}
	if !slices.Contains(seen.Facts.Secrets, want) {
		t.Errorf("secrets %+v", seen.Facts.Secrets)
	}
	if err := stand.Remove(account); err != nil {
		t.Fatal(err)
	}
	seen = observed(t, enter(t, stand), in("shop", "", "lone"))
	if diff := cmp.Diff(&runbook.ServiceAccount{Name: "builder", Missing: true}, seen.Facts.Account); diff != "" {
		t.Errorf("account (-want +got):\n%s", diff)
	}
}
