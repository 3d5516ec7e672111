package cluster

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"

	"github.com/distribution/reference"
	corev1 "k8s.io/api/core/v1"
)

// fullName is the name that the runtime gets: host and tag spelled out. The
// error is in the kubelet's words.
func fullName(image string) (string, error) {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return "", fmt.Errorf("couldn't parse image name %q: %w", image, err)
	}
	return reference.TagNameOnly(named).String(), nil
}

// repository is what credentials are looked up for.
func repository(full string) string {
	named, err := reference.ParseNormalizedNamed(full)
	if err != nil {
		return full
	}
	return named.Name()
}

// images are what a node has, with who has shown that they may use it
// (KubeletEnsureSecretPulledImages, on since 1.35).
type images struct {
	mu   sync.Mutex
	have map[string]*present
}

type present struct {
	Image
	open   bool     // pulled without a credential: everybody's
	owners []string // secret uids and hashes of logins
}

func newImages() *images { return &images{have: map[string]*present{}} }

func (i *images) forget(name string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.have, name)
}

// usable returns the image when the node has it and a pod with these
// credentials may use it.
func (i *images) usable(name string, credentials []Credential) (Image, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	p := i.have[name]
	if p == nil {
		return Image{}, false
	}
	if p.open {
		return p.Image, true
	}
	for _, c := range credentials {
		if slices.Contains(p.owners, c.Secret) || slices.Contains(p.owners, c.hash()) {
			return p.Image, true
		}
	}
	return Image{}, false
}

func (i *images) pulled(name string, image Image, by *Credential) {
	i.mu.Lock()
	defer i.mu.Unlock()
	p := i.have[name]
	if p == nil || p.Digest != image.Digest {
		p = &present{Image: image}
		i.have[name] = p
	}
	if by == nil {
		p.open = true
		return
	}
	p.owners = append(p.owners, by.Secret, by.hash())
}

func (c Credential) hash() string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(c.Username+"\x00"+c.Reveal())))
}

// pullSecrets reads the secrets that a pod lists, as they are now, and names
// those that are missing.
func (c *Cluster) pullSecrets(pod *corev1.Pod) (found []*corev1.Secret, missing []string) {
	for _, ref := range pod.Spec.ImagePullSecrets {
		if ref.Name == "" {
			continue
		}
		if o, ok := c.store.get(c.byKind("Secret"), key{pod.Namespace, ref.Name}); ok {
			secret, _ := o.(*corev1.Secret)
			found = append(found, secret)
			continue
		}
		missing = append(missing, ref.Name)
	}
	return found, missing
}
