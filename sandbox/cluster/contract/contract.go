// Package contract is what a Kubernetes API server promises to those who read
// image pulls from it, as questions. The stand-in and a real server are asked
// the same ones; what differs is a lie of the stand-in.
package contract

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// account is the ServiceAccount of the suite's pods, so that no controller is
// needed to make the default one.
const account = "puller"

// suite is one run of the questions, in a namespace of its own.
type suite struct {
	config    *rest.Config
	client    kubernetes.Interface
	namespace string
}

// Run asks everything of the API server behind the configuration, which must be
// of an administrator. It makes a namespace and deletes it at the end. No
// controller or kubelet is needed; where they run, nothing here disturbs them.
func Run(t *testing.T, config *rest.Config) {
	t.Helper()
	config = rest.CopyConfig(config)
	config.QPS, config.Burst = -1, 0
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatalf("connecting: %v", err)
	}
	for name, ask := range map[string]func(*testing.T, *suite){
		"selectors": selectors, "pages": pages, "versions": versions, "errors": faults, "encodings": encodings,
		"access": access, "discovery": discovery, "writes": writes, "patches": patches, "deletes": deletes,
		"immutable": immutables, "admission": admission, "watches": watches, "managers": managers, "kinds": kinds,
		"pull secrets": pullSecrets,
	} {
		t.Run(name, func(t *testing.T) {
			ask(t, newSuite(t, config, client))
		})
	}
}

func newSuite(t *testing.T, config *rest.Config, client kubernetes.Interface) *suite {
	t.Helper()
	namespace, err := client.CoreV1().Namespaces().Create(t.Context(),
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "contract-"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatalf("creating a namespace: %v", err)
	}
	t.Cleanup(func() {
		err := client.CoreV1().Namespaces().Delete(context.Background(), namespace.Name, metav1.DeleteOptions{})
		if err != nil {
			t.Errorf("deleting the namespace: %v", err)
		}
	})
	s := &suite{config: config, client: client, namespace: namespace.Name}
	_, err = client.CoreV1().ServiceAccounts(s.namespace).Create(t.Context(),
		&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: account}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatalf("creating the ServiceAccount: %v", err)
	}
	return s
}

// pod is a pod that no scheduler touches.
func (s *suite) pod(name string, labels map[string]string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: s.namespace, Labels: labels},
		Spec: corev1.PodSpec{
			ServiceAccountName: account, SchedulerName: "nobody",
			Containers: []corev1.Container{{Name: "app", Image: "registry.invalid/app:v1"}},
		},
	}
}

func (s *suite) createPod(t *testing.T, pod *corev1.Pod) *corev1.Pod {
	t.Helper()
	made, err := s.client.CoreV1().Pods(s.namespace).Create(t.Context(), pod, metav1.CreateOptions{})
	if err != nil {
		t.Fatalf("creating pod %s: %v", pod.Name, err)
	}
	return made
}

func (s *suite) createSecret(t *testing.T, secret *corev1.Secret) *corev1.Secret {
	t.Helper()
	made, err := s.client.CoreV1().Secrets(s.namespace).Create(t.Context(), secret, metav1.CreateOptions{})
	if err != nil {
		t.Fatalf("creating secret %s: %v", secret.Name, err)
	}
	return made
}

// opaque is a secret without meaning.
func opaque(name string) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Data:       map[string][]byte{"a": []byte("1"), "b": []byte("2")},
	}
}

// status is the Status of an error.
func status(t *testing.T, err error) metav1.Status {
	t.Helper()
	known, ok := err.(apierrors.APIStatus) //nolint:errorlint // client-go returns it bare
	if !ok {
		t.Fatalf("the error has no Status: %v", err)
	}
	return known.Status()
}

// wantError checks reason and message.
func wantError(t *testing.T, err error, reason metav1.StatusReason, message string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want %s: %s", reason, message)
		return
	}
	got := status(t, err)
	if got.Reason != reason || got.Message != message {
		t.Errorf("got  %s: %s\nwant %s: %s", got.Reason, got.Message, reason, message)
	}
}
