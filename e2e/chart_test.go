//go:build e2e && linux

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"

	"github.com/pullfix/pullfix/e2e/cluster"
)

// chart is the chart of this checkout, rendered with some values.
type chart struct {
	namespace string
	objects   []*unstructured.Unstructured
}

// renderChart renders the chart as helm would.
func renderChart(t *testing.T, namespace, values string) chart {
	t.Helper()
	root, err := cluster.Root()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(file, []byte(values), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "run", ".", "-n", namespace, "-f", file)
	cmd.Dir = filepath.Join(root, "tools", "chart")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("rendering the chart: %v\n%s", err, errs.String())
	}
	c := chart{namespace: namespace}
	documents := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	for {
		o := &unstructured.Unstructured{}
		err := documents.Decode(&o.Object)
		if errors.Is(err, io.EOF) {
			return c
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(o.Object) > 0 {
			c.objects = append(c.objects, o)
		}
	}
}

// applier creates or replaces objects of any kind.
type applier struct {
	mapper *restmapper.DeferredDiscoveryRESTMapper
	client dynamic.Interface
}

func newApplier(t *testing.T, config *rest.Config) applier {
	t.Helper()
	typed, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return applier{restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(typed.Discovery())), client}
}

// apply lets the API server take the object; with dry, only judge it.
func (a applier) apply(ctx context.Context, o *unstructured.Unstructured, dry ...string) error {
	kind := o.GroupVersionKind()
	mapping, err := a.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return err
	}
	var at dynamic.ResourceInterface = a.client.Resource(mapping.Resource)
	if o.GetNamespace() != "" {
		at = a.client.Resource(mapping.Resource).Namespace(o.GetNamespace())
	}
	options := metav1.ApplyOptions{FieldManager: "e2e", Force: true, DryRun: dry}
	_, err = at.Apply(ctx, o.GetName(), o, options)
	if err != nil {
		return fmt.Errorf("%s %s: %w", o.GetKind(), o.GetName(), err)
	}
	return nil
}

// install applies all of the chart's objects in namespaces that exist.
func (a applier) install(t *testing.T, c chart) {
	t.Helper()
	for _, o := range c.objects {
		if err := a.apply(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
}

// makeNamespace makes a namespace that only takes pods of the restricted kind,
// when that is asked for.
func makeNamespace(t *testing.T, client kubernetes.Interface, name string, restricted bool) {
	t.Helper()
	n := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if restricted {
		n.Labels = map[string]string{"pod-security.kubernetes.io/enforce": "restricted"}
	}
	if _, err := client.CoreV1().Namespaces().Create(t.Context(), n, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
}

// as is a client with the token of pullfix's ServiceAccount, and nothing else.
func as(t *testing.T, admin kubernetes.Interface, config *rest.Config, namespace string) *rest.Config {
	t.Helper()
	long := int64(3600)
	asked := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &long}}
	token, err := admin.CoreV1().ServiceAccounts(namespace).CreateToken(t.Context(), "pullfix", asked, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	own := rest.AnonymousClientConfig(config)
	own.BearerToken = token.Status.Token
	return own
}

// until tries four times a second, for at most half a minute.
func until(t *testing.T, what string, reached func() error) {
	t.Helper()
	var err error
	for range 120 {
		if err = reached(); err == nil {
			return
		}
		select {
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		case <-time.After(250 * time.Millisecond):
		}
	}
	t.Fatalf("waited too long for %s: %v", what, err)
}

// restricted lets the API server judge every object of the chart, and the pod.
func (b *bed) restricted(t *testing.T) {
	const namespace = "pod-restricted"
	makeNamespace(t, b.Client, namespace, true)
	for _, name := range []string{"shop", "dev"} {
		makeNamespace(t, b.Client, name, false)
	}
	a := newApplier(t, b.Config)
	dry := []string{metav1.DryRunAll}
	for _, values := range []string{"{}", allRemedies + "networkPolicy: {enabled: true}\n"} {
		for _, o := range renderChart(t, namespace, values).objects {
			if err := a.apply(t.Context(), o, dry...); err != nil {
				t.Error(err)
			}
			if o.GetKind() != "Deployment" {
				continue
			}
			var d appsv1.Deployment
			if err := apiruntime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &d); err != nil {
				t.Fatal(err)
			}
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "x"}, Spec: d.Spec.Template.Spec}
			pod.Spec.ServiceAccountName = "default"
			until(t, "the pod under restricted Pod Security", func() error {
				_, err := b.Client.CoreV1().Pods(namespace).Create(t.Context(), pod, metav1.CreateOptions{DryRun: dry})
				return err
			})
		}
	}
}
