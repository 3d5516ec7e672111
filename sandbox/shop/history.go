package shop

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// history is what people did: they deployed everything, and then made some
// things worse, and some better without the pods noticing.
func (w *World) history(ctx context.Context, teams int) error {
	if err := w.apply(w.accounts.secrets()...); err != nil {
		return err
	}
	if err := w.apply(crashing(time.Now())...); err != nil {
		return err
	}
	for _, a := range workloads() {
		if err := w.apply(a.object()); err != nil {
			return fmt.Errorf("deploying %s: %w", a.name, err)
		}
	}
	if err := w.until(ctx, "shop/deployments/checkout", func(d workload) bool { return d.Status.AvailableReplicas == 3 }); err != nil {
		return err
	}
	if err := w.apply(w.accounts.teams(teams)...); err != nil {
		return err
	}
	checkout := app{image: ghcr + "/acme/checkout:1.4.22"}
	if err := w.people.patch(ctx, "shop/deployments/checkout", checkout.imagePatch()); err != nil {
		return err
	}
	// The two cures that the pods do not notice come after the failures.
	if err := w.until(ctx, "shop/statefulsets/sessions", func(d workload) bool { return d.Status.Replicas > 0 }); err != nil {
		return err
	}
	sessions := app{image: ghcr + "/acme/sessions:7.0"}
	if err := w.people.patch(ctx, "shop/statefulsets/sessions", sessions.imagePatch()); err != nil {
		return err
	}
	if err := w.until(ctx, "shop/deployments/cart", func(d workload) bool { return d.Status.Replicas == 2 }); err != nil {
		return err
	}
	return w.giveSecret(ctx, "shop/serviceaccounts/cart")
}

// MakeEarly deploys one more workload, "early" in a namespace of its own, whose
// pods are made before their ServiceAccount has the pull secret: deleting them
// is the cure.
func (w *World) MakeEarly(ctx context.Context, namespace string, pods int) error {
	early := app{kind: "Deployment", namespace: namespace, name: "early", image: ghcr + "/acme/cart:5.1.0", replicas: pods, account: "early"}
	secret := pullSecret(namespace, "ghcr-pull", login{ghcr, "acme-bot", w.accounts.ghcr})
	if err := w.apply(secret, account(namespace, "early"), early.object()); err != nil {
		return fmt.Errorf("deploying into %s: %w", namespace, err)
	}
	made := func(d workload) bool { return d.Status.Replicas == pods }
	if err := w.until(ctx, namespace+"/deployments/early", made); err != nil {
		return err
	}
	return w.giveSecret(ctx, namespace+"/serviceaccounts/early")
}

// SetImage changes the image of a workload, NAMESPACE/RESOURCE/NAME, as kubectl
// set image does.
func (w *World) SetImage(ctx context.Context, path, image string) error {
	return w.people.patch(ctx, path, app{image: image}.imagePatch())
}

// giveSecret lets an account have the pull secret; pods that are there do not
// notice.
func (w *World) giveSecret(ctx context.Context, account string) error {
	return w.people.patch(ctx, account, object{"imagePullSecrets": []object{{"name": "ghcr-pull"}}})
}

// imagePatch changes a workload's image, as kubectl set image does.
func (a app) imagePatch() object {
	containers := []object{{"name": "app", "image": a.image}}
	return object{"spec": object{"template": object{"spec": object{"containers": containers}}}}
}

// workload is what is looked at of one.
type workload struct {
	Status struct {
		Replicas          int
		AvailableReplicas int
	}
}

// patience bounds the wait for something that takes the kubelet a second.
const patience = 30 * time.Second

var errStuck = errors.New("it does not come about")

// until waits for a workload, NAMESPACE/RESOURCE/NAME.
func (w *World) until(ctx context.Context, path string, reached func(workload) bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errStuck)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		var d workload
		if err := w.people.read(ctx, path, &d); err != nil {
			return err
		}
		if reached(d) {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", path, context.Cause(ctx))
		}
	}
}

// kubectl is what people type with: it names itself so, and managedFields show
// it.
type kubectl struct{ client *http.Client }

const peopleToken = "sandbox-people"

// patch changes an object, NAMESPACE/RESOURCE/NAME.
func (k kubectl) patch(ctx context.Context, path string, patch object) error {
	body, err := json.Marshal(patch)
	if err != nil {
		return fmt.Errorf("writing a patch: %w", err)
	}
	return k.do(ctx, question{method: http.MethodPatch, path: path, body: body}, nil)
}

func (k kubectl) read(ctx context.Context, path string, into any) error {
	return k.do(ctx, question{method: http.MethodGet, path: path}, into)
}

// question is one request to the API server.
type question struct {
	method, path string
	body         []byte
}

func (k kubectl) do(ctx context.Context, q question, into any) error {
	path := q.path
	request, err := http.NewRequestWithContext(ctx, q.method, "https://cluster.test"+addressOf(path), bytes.NewReader(q.body))
	if err != nil {
		return fmt.Errorf("asking for %s: %w", path, err)
	}
	request.Header.Set("Authorization", "Bearer "+peopleToken)
	request.Header.Set("User-Agent", "kubectl/v1.36.3 (linux/amd64) kubernetes/sandbox")
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Content-Type", "application/strategic-merge-patch+json")
	answer, err := k.client.Do(request)
	if err != nil {
		return fmt.Errorf("asking for %s: %w", path, err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	switch {
	case err != nil:
		return fmt.Errorf("asking for %s: %w", path, err)
	case answer.StatusCode >= http.StatusBadRequest:
		return fmt.Errorf("asking for %s: %s: %s", path, answer.Status, text)
	case into == nil:
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	return nil
}

// addressOf is where the API server has NAMESPACE/RESOURCE/NAME.
func addressOf(path string) string {
	namespace, object, _ := strings.Cut(path, "/")
	if strings.HasPrefix(object, "serviceaccounts/") {
		return "/api/v1/namespaces/" + namespace + "/" + object
	}
	return "/apis/apps/v1/namespaces/" + namespace + "/" + object
}
