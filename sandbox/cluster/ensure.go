package cluster

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// wanted is an image that something of a pod needs.
type wanted struct {
	image  string
	policy corev1.PullPolicy
	about  corev1.ObjectReference
}

// fault is why an image cannot be used, as the waiting state says it.
type fault struct {
	reason, message string
	event           bool // "Error: REASON" is told too
}

// The kubelet's reasons (pkg/kubelet/images/types.go).
const (
	errImagePull      = "ErrImagePull"
	imagePullBackOff  = "ImagePullBackOff"
	errImageNever     = "ErrImageNeverPull"
	invalidImageName  = "InvalidImageName"
	registryDown      = "RegistryUnavailable"
	badSignature      = "SignatureValidationFailed"
	alreadyAccessible = "Container image %q already present on machine and can be accessed by the pod"
)

// ensure makes the image usable for the pod and returns its id, in the
// kubelet's order: name, credentials, presence and policy, back-off, pull.
func (w *worker) ensure(ctx context.Context, want wanted, secrets []*corev1.Secret) (string, *fault) {
	full, err := fullName(want.image)
	if err != nil {
		message := fmt.Sprintf("Failed to apply default image tag %q: %v", want.image, err)
		w.tell(warning(want.about, "InspectFailed", message))
		return "", &fault{reason: invalidImageName, message: message, event: true}
	}
	keys, err := newRing(secrets)
	if err != nil {
		return "", &fault{reason: err.Error(), message: err.Error()}
	}
	credentials := keys.lookup(repository(full))
	if want.policy != corev1.PullAlways {
		if image, ok := w.kubelet.images.usable(full, credentials); ok {
			w.tell(normal(want.about, "Pulled", fmt.Sprintf(alreadyAccessible, want.image)))
			return imageID(full, image), nil
		}
	}
	if want.policy == corev1.PullNever {
		message := fmt.Sprintf("Container image %q is not present with pull policy of Never", want.image)
		w.tell(warning(want.about, errImageNever, message))
		return "", &fault{reason: errImageNever, message: message, event: true}
	}
	if b := w.backoffs[want.image]; b != nil && time.Since(b.failed) < b.delay {
		message := fmt.Sprintf("Back-off pulling image %q", want.image)
		w.tell(normal(want.about, "BackOff", message))
		return "", &fault{reason: imagePullBackOff, message: message + ": " + b.reason + ": " + b.text, event: true}
	}
	return w.pull(ctx, want, full, credentials)
}

func imageID(full string, image Image) string { return repository(full) + "@" + image.Digest }

func (w *worker) pull(ctx context.Context, want wanted, full string, credentials []Credential) (string, *fault) {
	w.tell(normal(want.about, "Pulling", fmt.Sprintf("Pulling image %q", want.image)))
	start := time.Now()
	image, err := w.attempt(ctx, full, credentials)
	if err != nil {
		reason, message := reasonOf(want.image, err)
		w.tell(warning(want.about, "Failed", fmt.Sprintf("Failed to pull image %q: %v", want.image, err)))
		w.failed(want.image, reason, message)
		return "", &fault{reason: reason, message: message, event: true}
	}
	delete(w.backoffs, want.image)
	took := time.Since(start).Truncate(time.Millisecond)
	w.tell(normal(want.about, "Pulled", fmt.Sprintf("Successfully pulled image %q in %v (%v including waiting). Image size: %d bytes.",
		want.image, took, took, image.Size)))
	return imageID(full, image), nil
}

// attempt tries every credential that matches; only without one it is anonymous.
func (w *worker) attempt(ctx context.Context, full string, credentials []Credential) (Image, error) {
	o := w.kubelet.options
	tries := make([]*Credential, 0, max(1, len(credentials)))
	for i := range credentials {
		tries = append(tries, &credentials[i])
	}
	if len(tries) == 0 {
		tries = append(tries, nil)
	}
	var said []string
	for _, credential := range tries {
		image, err := o.Puller.Pull(ctx, Pull{Image: full, Credential: credential, OS: o.OS, Arch: o.Arch})
		if err == nil {
			w.kubelet.images.pulled(full, image, credential)
			return image, nil
		}
		said = append(said, err.Error())
	}
	return Image{}, pullError(said)
}

// pullError joins what was said, as Kubernetes' aggregates do: once each, in
// brackets when there are several.
type pullError []string

func (e pullError) Error() string {
	var different []string
	seen := map[string]bool{}
	for _, text := range e {
		if !seen[text] {
			different = append(different, text)
		}
		seen[text] = true
	}
	if len(different) == 1 {
		return different[0]
	}
	return "[" + strings.Join(different, ", ") + "]"
}

// reasonOf knows the two errors that runtimes mark by their first word.
func reasonOf(image string, err error) (reason, message string) {
	for reason, why := range map[string]string{
		registryDown: "the registry is unavailable", badSignature: "the signature validation failed",
	} {
		if rest, ok := strings.CutPrefix(err.Error(), reason); ok {
			return reason, fmt.Sprintf("image pull failed for %s because %s: %s", image, why, strings.TrimPrefix(rest, ": "))
		}
	}
	return errImagePull, err.Error()
}

// failed doubles the back-off. An image that was left alone for long enough
// starts anew.
func (w *worker) failed(image, reason, text string) {
	o := w.kubelet.options
	b := w.backoffs[image]
	switch {
	case b == nil || time.Since(b.failed) > 2*o.MaxBackOff:
		b = &backoff{delay: o.BackOff}
	default:
		b = &backoff{delay: min(2*b.delay, o.MaxBackOff)}
	}
	b.failed, b.reason, b.text = time.Now(), reason, text
	w.backoffs[image] = b
}
