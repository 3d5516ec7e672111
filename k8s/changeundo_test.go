package k8s

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/sandbox/cluster"
)

// TestUndo: the former entry comes back to the byte, in the manifest too, and
// nothing is left of the copy.
func TestUndo(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		former := base64.StdEncoding.EncodeToString([]byte("bot:" + stale))
		manifest := `{"kind":"Secret","stringData":{".dockerconfigjson":"{\"auths\": {\"registry.test\": {\"auth\":  \"` + former + `\"}}}"}}`
		s.expired(func(secret *corev1.Secret) { secret.Annotations = map[string]string{lastApplied: manifest} })
		k, v := s.diagnosed("Deployment", "web")
		// The registry knows the account; only the image is not for it.
		for i := range k.Pulls[0].Candidates {
			if a := k.Pulls[0].Candidates[i].Answer; a != nil {
				a.Login = runbook.TestAccepted
			}
		}
		p := s.planOf(k, v, runbook.UpdateSecret)
		if ok, said := approvable(p); !ok || !p.Actions[0].Entry.KeepUndo || !strings.Contains(said, "a copy of it is kept beside the secret for 24 hours") {
			t.Fatalf("plan %+v", p)
		}
		receipt, err := s.hands().Carry(t.Context(), p.Actions[0], ann)
		if err != nil || receipt.Undo == nil {
			t.Fatalf("%+v, %v", receipt, err)
		}
		changed := s.read("regcred")
		if strings.Contains(changed.Annotations[lastApplied], former) || !strings.Contains(changed.Annotations[lastApplied], marker) {
			t.Errorf("the manifest still holds the former password, or not the new one")
		}
		kept := s.read(receipt.Undo.Name)
		if kept.OwnerReferences[0].UID != changed.UID || string(kept.Data[keptEntry]) != auth(stale) {
			t.Errorf("copy %+v", kept.ObjectMeta)
		}
		undo, ok := runbook.UndoPlan([]runbook.Receipt{receipt}, time.Now())
		if !ok {
			t.Fatal("no undo")
		}
		s.rewrite("regcred", func(secret *corev1.Secret) { secret.Labels = map[string]string{"a": "b"} })
		back, err := s.hands().Carry(t.Context(), undo.Actions[0], ann)
		if err != nil || !back.Done {
			t.Fatalf("%+v, %v", back, err)
		}
		if got := s.read("regcred"); string(got.Data[corev1.DockerConfigJsonKey]) != two(stale) || got.Annotations[lastApplied] != manifest {
			t.Errorf("not as it was: %q", got.Annotations[lastApplied])
		}
		if _, err := s.people.CoreV1().Secrets("default").Get(t.Context(), receipt.Undo.Name, metav1.GetOptions{}); err == nil {
			t.Error("the copy is still there")
		}
		s.unmarked(p, receipt, undo, back)
	})
}

// TestUndoRefuses: the entry is another one by now, or the copy's day is over.
func TestUndoRefuses(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.expired()
		p := s.onlyPlan("Deployment", runbook.UpdateSecret)
		p.Actions[0].Entry.KeepUndo = true
		receipt, err := s.hands().Carry(t.Context(), p.Actions[0], ann)
		if err != nil || receipt.Undo == nil {
			t.Fatalf("%+v, %v", receipt, err)
		}
		undo, _ := runbook.UndoPlan([]runbook.Receipt{receipt}, time.Now())
		for _, step := range []struct {
			move func()
			want string
		}{
			{func() {
				s.rewrite("regcred", func(secret *corev1.Secret) { secret.Data[corev1.DockerConfigJsonKey] = []byte(two("other")) })
			}, "was changed since the plan was made"},
			{func() { time.Sleep(25 * time.Hour) }, "has expired"},
			{func() {
				if n, err := s.changer.Sweep(t.Context(), time.Now(), nil); n != 1 || err != nil {
					t.Errorf("swept %d, %v", n, err)
				}
			}, "is gone"},
		} {
			step.move()
			if _, err := s.hands().Carry(t.Context(), undo.Actions[0], ann); err == nil || !strings.Contains(err.Error(), step.want) {
				t.Errorf("%v, want %q", err, step.want)
			}
		}
	})
}

func TestSweep(t *testing.T) {
	live(t, func(t *testing.T, s *shop) {
		s.expired()
		p := s.onlyPlan("Deployment", runbook.UpdateSecret)
		p.Actions[0].Entry.KeepUndo = true
		receipt, err := s.hands().Carry(t.Context(), p.Actions[0], ann)
		if err != nil {
			t.Fatal(err)
		}
		// What only looks like a copy is left alone.
		s.docker("mine", two(stale), func(secret *corev1.Secret) { secret.Labels = map[string]string{labelUndo: "true"} })
		sweep := func(want int, by func() (int, error)) {
			t.Helper()
			if n, err := by(); n != want || err != nil {
				t.Errorf("swept %d, %v; want %d", n, err, want)
			}
		}
		sweep(0, func() (int, error) { return s.changer.Sweep(t.Context(), time.Now(), nil) })
		sweep(0, func() (int, error) { return s.changer.SweepAll(t.Context(), "another", nil) })
		s.stand.Forbid(cluster.Admin, cluster.Rule{Verb: "list", Resource: "secrets"})
		sweep(0, func() (int, error) { return s.changer.SweepAll(t.Context(), "", nil) })
		sweep(1, func() (int, error) {
			return s.changer.SweepAll(t.Context(), p.Actions[0].Entry.Was, []runbook.Undo{*receipt.Undo, {Namespace: "default", Name: "gone"}})
		})
		s.read("mine")
		if !strings.Contains(s.log.String(), "verb=delete-undo-copy") {
			t.Errorf("log:\n%s", s.log)
		}
	})
}
