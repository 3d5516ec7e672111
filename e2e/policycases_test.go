//go:build e2e && linux

package e2e

import (
	"context"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func create[T any](t *testing.T, with func(context.Context, *T, metav1.CreateOptions) (*T, error), o *T) *T {
	t.Helper()
	made, err := with(t.Context(), o, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// step is one operation of a JSON patch.
type step struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// marks are what pullfix writes on what it changes.
func marks(verb string) []step {
	return []step{
		{"add", "/metadata/annotations/pullfix.dev~1change", "2026-03-01T03:12:00Z " + verb},
		{"add", "/metadata/annotations/pullfix.dev~1approved-by", "U0ANN"},
		{"add", "/metadata/annotations/pullfix.dev~1incident", "ab"},
	}
}

func marked(verb string, steps ...step) []step { return append(marks(verb), steps...) }

// template is an earlier pod template, changed as asked.
func template(change func(*corev1.PodTemplateSpec)) step {
	earlier := webDeployment().Spec.Template
	earlier.Spec.Containers[0].Image = "registry.example.com/shop/web:v1"
	if change != nil {
		change(&earlier)
	}
	return step{"replace", "/spec/template", earlier}
}

const (
	podNotes   = "/spec/template/metadata/annotations"
	pullSecret = "/spec/template/spec/imagePullSecrets"
	imagePath  = "/spec/template/spec/containers/0/image"
)

func restarted() step {
	return step{"add", podNotes, map[string]string{"kubectl.kubernetes.io/restartedAt": "2026-03-01T03:12:00Z"}}
}

func attached() step { return step{"add", pullSecret, []map[string]string{{"name": "regcred"}}} }

// patchCase is a patch, and whether it gets through.
type patchCase struct {
	steps   []step
	through bool
}

// workloadCases are patches of a deployment.
func workloadCases() map[string]patchCase {
	yes := true
	root := int64(0)
	return map[string]patchCase{
		"restart":                    {marked("restart", restarted()), true},
		"roll back":                  {marked("roll-back", template(nil)), true},
		"roll back, misspelt now":    {marked("roll-back", template(func(p *corev1.PodTemplateSpec) { p.Spec.Containers[0].Image = "registry.example.com/shop/wbe:v1" })), true},
		"roll back with other words": {marked("roll-back", template(func(p *corev1.PodTemplateSpec) { p.Spec.Containers[0].Args = []string{"-v"} })), true},
		"attach":                     {marked("attach-secret", attached()), true},
		"set image":                  {[]step{{"replace", imagePath, "registry.example.com/shop/web:v3"}}, false},
		"set image as a restart":     {marked("restart", step{"replace", imagePath, "registry.example.com/shop/web:v3"}), false},
		"an image from elsewhere":    {marked("roll-back", template(func(p *corev1.PodTemplateSpec) { p.Spec.Containers[0].Image = "evil.example.com/shop/web:v1" })), false},
		"another project's image":    {marked("roll-back", template(func(p *corev1.PodTemplateSpec) { p.Spec.Containers[0].Image = "registry.example.com/pay/web:v1" })), false},
		"another container": {marked("roll-back", template(func(p *corev1.PodTemplateSpec) {
			p.Spec.InitContainers = []corev1.Container{{Name: "i", Image: "evil.example.com/i:1"}}
		})), false},
		"privileged": {marked("roll-back", template(func(p *corev1.PodTemplateSpec) {
			p.Spec.Containers[0].SecurityContext = &corev1.SecurityContext{Privileged: &yes}
		})), false},
		"root for the pod":           {marked("roll-back", template(func(p *corev1.PodTemplateSpec) { p.Spec.SecurityContext = &corev1.PodSecurityContext{RunAsUser: &root} })), false},
		"the node's network":         {marked("roll-back", template(func(p *corev1.PodTemplateSpec) { p.Spec.HostNetwork = true })), false},
		"another account":            {marked("roll-back", template(func(p *corev1.PodTemplateSpec) { p.Spec.ServiceAccountName = "admin" })), false},
		"the node's files":           {marked("roll-back", template(hostFiles)), false},
		"restart in nobody's name":   {[]step{restarted()}, false},
		"restart without approval":   {[]step{marks("restart")[0], restarted()}, false},
		"restart and more":           {marked("restart", restarted(), step{"add", "/spec/template/metadata/labels/x", "y"}), false},
		"restart with another note":  {marked("restart", step{"add", podNotes, map[string]string{"x": "y"}}), false},
		"attach and more":            {marked("attach-secret", attached(), step{"add", "/spec/template/spec/containers/0/env", []map[string]string{{"name": "a", "value": "b"}}}), false},
		"replicas":                   {marked("restart", step{"replace", "/spec/replicas", 0}), false},
		"pause":                      {marked("restart", restarted(), step{"add", "/spec/paused", true}), false},
		"labels":                     {marked("restart", restarted(), step{"add", "/metadata/labels", map[string]string{"x": "y"}}), false},
		"a foreign annotation":       {marked("restart", restarted(), step{"add", "/metadata/annotations/x", "y"}), false},
		"a foreign annotation's end": {marked("restart", restarted(), step{"remove", "/metadata/annotations/team", nil}), false},
		"an owner":                   {marked("restart", restarted(), step{"add", "/metadata/finalizers", []string{"example.com/x"}}), false},
	}
}

func hostFiles(p *corev1.PodTemplateSpec) {
	p.Spec.Volumes = []corev1.Volume{{Name: "host", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}}}
}

// secretCases are patches of a pull secret.
func secretCases() map[string]patchCase {
	const document = "/data/.dockerconfigjson"
	fresh := step{"replace", document, []byte(`{"auths":{}}`)}
	return map[string]patchCase{
		"update":           {marked("update-secret", fresh), true},
		"undo":             {marked("undo-secret", fresh), true},
		"in nobody's name": {[]step{{"add", "/metadata/annotations", map[string]string{}}, fresh}, false},
		"another key":      {marked("update-secret", step{"replace", "/data/extra", []byte("y")}), false},
		"one key more":     {marked("update-secret", step{"add", "/data/more", []byte("y")}), false},
		"one key less":     {marked("update-secret", step{"remove", "/data/extra", nil}), false},
		"labels":           {marked("update-secret", fresh, step{"add", "/metadata/labels", map[string]string{"x": "y"}}), false},
		"immutable":        {marked("update-secret", fresh, step{"add", "/immutable", true}), false},
	}
}

// pass runs cases against the API server, without leaving a trace.
func (s court) pass(t *testing.T, through bool) {
	dry := metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}}
	for name, c := range workloadCases() {
		if c.through == through {
			_, err := s.pullfix.AppsV1().Deployments("shop").Patch(t.Context(), "web", types.JSONPatchType, encoded(t, c.steps), dry)
			judged(t, "deployment: "+name, through, err)
		}
	}
	notes := step{"add", "/metadata/annotations", map[string]string{}}
	for name, c := range secretCases() {
		if c.through == through {
			_, err := s.pullfix.CoreV1().Secrets("shop").Patch(t.Context(), "regcred", types.JSONPatchType, encoded(t, append([]step{notes}, c.steps...)), dry)
			judged(t, "secret: "+name, through, err)
		}
	}
	for name, secret := range newSecrets() {
		if strings.HasPrefix(name, "good") == through {
			_, err := s.pullfix.CoreV1().Secrets("shop").Create(t.Context(), secret, metav1.CreateOptions{DryRun: dry.DryRun})
			judged(t, "new secret: "+name, through, err)
		}
	}
	for pod, good := range map[string]bool{"waits": true, "runs": false, "alone": false} {
		if good == through {
			judged(t, "deleting pod "+pod, through, s.pullfix.CoreV1().Pods("shop").Delete(t.Context(), pod, metav1.DeleteOptions{DryRun: dry.DryRun}))
		}
	}
	for reason, good := range map[string]bool{"PullfixChanged": true, "Pulled": false} {
		if good == through {
			event := &corev1.Event{ObjectMeta: metav1.ObjectMeta{Name: "x", Namespace: "shop"}, InvolvedObject: corev1.ObjectReference{Namespace: "shop"}, Reason: reason}
			_, err := s.pullfix.CoreV1().Events("shop").Create(t.Context(), event, metav1.CreateOptions{DryRun: dry.DryRun})
			judged(t, "event "+reason, through, err)
		}
	}
}

func newSecrets() map[string]*corev1.Secret {
	good := newSecret("fresh", corev1.SecretTypeDockerConfigJson, map[string]entry{"registry.example.com": login(robot, robotSecret)})
	more := good.DeepCopy()
	more.Data["more"] = []byte("x")
	account := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "stolen", Annotations: map[string]string{corev1.ServiceAccountNameKey: "default"}}, Type: corev1.SecretTypeServiceAccountToken}
	return map[string]*corev1.Secret{
		"good pull secret": good, "one key more": more, "an account's token": account, "a copy where none are kept": copyOf(nil),
		"opaque": {ObjectMeta: metav1.ObjectMeta{Name: "o"}, Data: map[string][]byte{"a": []byte("b")}},
	}
}

// copyOf is a kept copy of a former entry, changed as asked.
func copyOf(change func(*corev1.Secret)) *corev1.Secret {
	kept := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name: "regcred-pullfix-undo-ab", Labels: map[string]string{"pullfix.dev/undo": "true"},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "Secret", Name: "regcred", UID: "u1"}},
		},
		Type: corev1.SecretTypeOpaque, Data: map[string][]byte{"entry": []byte("{}")},
	}
	if change != nil {
		change(kept)
	}
	return kept
}

// copies are kept in dev alone, and nothing else of the kind is made or deleted.
func (s court) copies(t *testing.T) {
	dry := []string{metav1.DryRunAll}
	for name, c := range map[string]*corev1.Secret{
		"good":        copyOf(nil),
		"nobody's":    copyOf(func(s *corev1.Secret) { s.OwnerReferences = nil }),
		"a pod's":     copyOf(func(s *corev1.Secret) { s.OwnerReferences[0].Kind = "Pod" }),
		"unmarked":    copyOf(func(s *corev1.Secret) { s.Labels = nil }),
		"other name":  copyOf(func(s *corev1.Secret) { s.Name = "regcred-2" }),
		"more in it":  copyOf(func(s *corev1.Secret) { s.Data["tls.key"] = nil }),
		"pull secret": newSecret("x", corev1.SecretTypeDockerConfigJson, map[string]entry{"registry.example.com": login(robot, robotSecret)}),
	} {
		_, err := s.pullfix.CoreV1().Secrets("dev").Create(t.Context(), c, metav1.CreateOptions{DryRun: dry})
		judged(t, "copy: "+name, name == "good", err)
	}
	create(t, s.admin.CoreV1().Secrets("dev").Create, copyOf(nil))
	secrets := s.pullfix.CoreV1().Secrets("dev")
	judged(t, "deleting a copy", true, secrets.Delete(t.Context(), "regcred-pullfix-undo-ab", metav1.DeleteOptions{DryRun: dry}))
	judged(t, "deleting a pull secret", false, secrets.Delete(t.Context(), "regcred", metav1.DeleteOptions{DryRun: dry}))
}

func judged(t *testing.T, what string, through bool, err error) {
	t.Helper()
	denied := err != nil && strings.Contains(err.Error(), "ValidatingAdmissionPolicy") && strings.Contains(err.Error(), "pullfix ")
	if through && err != nil || !through && !denied {
		t.Errorf("%s: %v", what, err)
	}
}

func (s court) allowed(t *testing.T) { s.pass(t, true) }

// denied are the ways to misuse pullfix's token, though its account may do all.
func (s court) denied(t *testing.T) {
	s.pass(t, false)
	dry := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
	_, err := s.pullfix.CoreV1().Pods("shop").Create(t.Context(), &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "x"}, Spec: webDeployment().Spec.Template.Spec}, dry)
	judged(t, "making a pod", false, err)
	_, err = s.pullfix.CoreV1().ServiceAccounts("shop").CreateToken(t.Context(), "default", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	judged(t, "another account's token", false, err)
	judged(t, "a secret's end", false, s.pullfix.CoreV1().Secrets("shop").Delete(t.Context(), "regcred", metav1.DeleteOptions{}))
	_, err = s.pullfix.AppsV1().Deployments("dev").Patch(t.Context(), "web", types.JSONPatchType, encoded(t, marked("restart", restarted())), metav1.PatchOptions{})
	judged(t, "a restart in another namespace", false, err)
}
