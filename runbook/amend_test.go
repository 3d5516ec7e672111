package runbook_test

import (
	"testing"
	"time"

	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/cause"
)

func bare(w *world) { w.facts.Workload = nil }

func kind(kind string) change {
	return workload(func(w *runbook.Workload) { w.Kind = kind })
}

// near is a registry that has a tag which looks like the missing one.
func near() change {
	return says("", runbook.Answer{Result: cause.TagNotFound, Status: 404, Tags: []string{"v2"}})
}

func never() change {
	return waits("ErrImageNeverPull", `Container image "`+image+`" is not present with pull policy of Never`)
}

func volume(w *world) {
	w.facts.Pod.Volumes = []runbook.Volume{{Name: "model", Image: image}}
	w.facts.Pod.Containers[0].Image = host + "/other:v1"
	w.facts.Pod.Containers[0].Volumes = []string{"model"}
}

// TestTheFirstCommandMendsEveryKind: the command fits the kind of object, since
// what cures a Deployment does nothing for a Job, an ordered StatefulSet or a
// bare pod.
func TestTheFirstCommandMendsEveryKind(t *testing.T) {
	jq := func(object, filter string) string {
		return "kubectl -n shop get " + object + " -o json | jq '" + filter + "' | kubectl -n shop replace --force -f -"
	}
	const (
		anew    = `del(.spec.nodeName, .spec.ephemeralContainers) | .spec |= `
		jobAnew = `del(.spec.selector, .spec.template.metadata.labels["controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"]) | .spec.template.spec |= `
		set     = "kubectl -n shop set image "
		image2  = host + "/acme/app:v2"
	)
	for _, r := range []struct {
		name  string
		world *world
		want  string
	}{
		{"image of a Deployment", missingTag(near()), set + "deployment/web app=" + image2},
		{"image of a paused Deployment", missingTag(near(), workload(func(w *runbook.Workload) { w.Paused = true })), set + "deployment/web app=" + image2 + " && kubectl -n shop rollout resume deployment/web"},
		{"image of a StatefulSet in order", missingTag(near(), kind("StatefulSet"), workload(func(w *runbook.Workload) { w.Ordered = true })), set + "statefulset/web app=" + image2 + " && kubectl -n shop delete pod web-1"},
		{"image of a ReplicaSet", missingTag(near(), kind("ReplicaSet")), set + "replicaset/web app=" + image2 + " && kubectl -n shop delete pod web-1"},
		{"image of a Job", missingTag(near(), kind("Job")), jq("job/web", jobAnew+`((.containers[] | select(.name == "app")).image = "`+image2+`")`)},
		{"image of a CronJob", missingTag(near(), kind("CronJob"), ownedBy("Job/web-7")), set + "cronjob/web app=" + image2 + " && kubectl -n shop delete job web-7  # the next run has the new template"},
		{"image of an add-on's kind", missingTag(near(), kind("Rollout")), "kubectl -n shop edit rollout/web"},
		{"image of a debug container", missingTag(near(), bare, func(w *world) { w.facts.Pod.Containers[0].Kind = runbook.KindEphemeral }), "kubectl -n shop debug web-1 -it --image=" + image2},
		{"image volume of a Deployment", newWorld(notFound, near(), volume), `kubectl -n shop patch deployment/web --patch '{"spec":{"template":{"spec":{"volumes":[{"name":"model","image":{"reference":"` + image2 + `"}}]}}}}'`},
		{"image volume of a bare pod", newWorld(notFound, near(), volume, bare), jq("pod/web-1", anew+`((.volumes[] | select(.name == "model")).image.reference = "`+image2+`")`)},
		{"policy of a bare pod", newWorld("", never(), bare), jq("pod/web-1", anew+`((.containers[] | select(.name == "app")).imagePullPolicy = "IfNotPresent")`)},
		{"policy of a CronJob", newWorld("", never(), kind("CronJob")), `kubectl -n shop patch cronjob/web --patch '{"spec":{"jobTemplate":{"spec":{"template":{"spec":{"containers":[{"name":"app","imagePullPolicy":"IfNotPresent"}]}}}}}}'`},
		{"nothing is known of the name", newWorld("", pulls("{{ .image }}"), waits("InvalidImageName", "couldn't parse image name")), set + "deployment/web app=REGISTRY/REPOSITORY:TAG"},
		{"secret for a bare pod", newWorld(noLogin, has(secret("good", entry(host, "bob", "pw"))), says("bob", answer(cause.None, 200)), bare), jq("pod/web-1", anew+`(.imagePullSecrets = [{"name":"good"}])`)},
		{"secret for a CronJob", newWorld(noLogin, has(secret("good", entry(host, "bob", "pw"))), says("bob", answer(cause.None, 200)), kind("CronJob")), `kubectl -n shop patch cronjob/web --type=merge --patch '{"spec":{"jobTemplate":{"spec":{"template":{"spec":{"imagePullSecrets":[{"name":"good"}]}}}}}}'`},
	} {
		t.Run(r.name, func(t *testing.T) {
			_, v := r.world.diagnose(t)
			if got := v.Remedies[0].Command; got != r.want {
				t.Errorf("got  %s\nwant %s", got, r.want)
			}
		})
	}
}

// ownedBy is what the cluster-wide list says of the pod's nearest owner.
func ownedBy(owner string) change {
	return func(w *world) {
		w.facts.Failing = []runbook.FailingPull{{
			Namespace: "shop", Pod: "web-1", Container: "app", Image: image, Reason: "ErrImagePull", Message: notFound,
			Since: time.Now().Add(-time.Minute), Workload: owner,
		}}
	}
}

func TestAPausedDeploymentIsResumed(t *testing.T) {
	_, v := missingTag(workload(func(w *runbook.Workload) {
		w.Paused = true
		w.Template.Images = map[string]string{"app": host + "/acme/app:v2"}
	})).diagnose(t)
	if v.Remedies[0].Command != "kubectl -n shop rollout resume deployment/web" {
		t.Errorf("remedy %+v", v.Remedies[0])
	}
}

// TestNoTagIsOfferedThatLooksLikeNone: what the registry has is told, but not
// put into a command.
func TestNoTagIsOfferedThatLooksLikeNone(t *testing.T) {
	_, v := missingTag(says("", runbook.Answer{Result: cause.TagNotFound, Status: 404, Tags: []string{"build-1", "build-2"}, Unlike: 2})).diagnose(t)
	r := v.Remedies[0]
	if r.Command != "kubectl -n shop set image deployment/web app="+host+"/acme/app:TAG" || r.Why != "No tag looks like v1; there are build-1 and build-2." {
		t.Errorf("remedy %+v", r)
	}
}

func TestNodesForAnotherSystem(t *testing.T) {
	_, v := newWorld(noPlatform, bare, says("", runbook.Answer{Result: cause.PlatformMismatch, Platforms: []string{"windows/amd64"}})).diagnose(t)
	want := `kubectl -n shop get pod/web-1 -o json | jq 'del(.spec.nodeName, .spec.ephemeralContainers) | .spec |= (.nodeSelector += {"kubernetes.io/arch":"amd64","kubernetes.io/os":"windows"})' | kubectl -n shop replace --force -f -`
	if len(v.Remedies) < 2 || v.Remedies[1].Command != want || v.Remedies[1].Title != "Run it only on windows amd64 nodes" {
		t.Errorf("remedies %+v", v.Remedies)
	}
}
