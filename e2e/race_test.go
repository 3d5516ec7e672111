//go:build e2e && linux

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"

	"github.com/pullfix/pullfix/k8s"
	"github.com/pullfix/pullfix/runbook"
	"github.com/pullfix/pullfix/runbook/keyring"
)

// race lets two bots and a person write into one secret at once, again and
// again, on the real API server: no entry is ever lost. RACES says how often.
func (b *bed) race(t *testing.T) {
	s := b.stage(t, "race")
	s.secret("regcred", map[string]entry{"mine.example": login("bot", "0"), "theirs.example": login("bot", "0")})
	racing := &race{stage: s, key: []byte("fingerprints")}
	racing.changer = racing.open()
	rounds := 20
	if n, err := strconv.Atoi(os.Getenv("RACES")); err == nil {
		rounds = n
	}
	for n := 1; n <= rounds; n++ {
		racing.round(n)
	}
}

type race struct {
	*stage
	key     []byte
	changer *k8s.Changer
}

func (r *race) open() *k8s.Changer {
	r.t.Helper()
	c, err := k8s.Open(k8s.Options{Kubeconfig: r.Kubeconfig, Name: "e2e"})
	r.must(err)
	return k8s.NewChanger(c, r.key, nil)
}

// round has all three write at once; each write has to be there afterwards.
func (r *race) round(n int) {
	r.t.Helper()
	uid := string(r.read().UID)
	results := make(chan error, 3)
	for _, host := range []string{"mine.example", "theirs.example"} {
		go func() { results <- r.carry(uid, host, n) }()
	}
	go func() { results <- r.byHand(n) }()
	for range 3 {
		if err := <-results; err != nil {
			r.t.Errorf("round %d: %v", n, err)
		}
	}
	auths := r.auths(r.read())
	for _, host := range []string{"mine.example", "theirs.example"} {
		if auths[host]["password"] != strconv.Itoa(n) {
			r.t.Fatalf("round %d: the entry for %s is not the one that was written", n, host)
		}
	}
	for past := 1; past <= n; past++ {
		if _, kept := auths[hand(past)]; !kept {
			r.t.Fatalf("round %d: the entry of round %d is lost", n, past)
		}
	}
}

// carry replaces the credential of one host, as an approved plan does. What
// another bot wrote meanwhile is no reason to refuse.
func (r *race) carry(uid, host string, n int) error {
	next := credential(n)
	receipt, err := r.changer.Carry(r.t.Context(), runbook.Action{
		Verb: runbook.VerbUpdateSecret, Cluster: "e2e", Namespace: r.namespace, Kind: "Secret", Name: "regcred", UID: uid,
		Entry: &runbook.EntryChange{
			SecretType: string(corev1.SecretTypeDockerConfigJson), Key: host, Host: host, Images: []string{host + "/app:v1"}, Source: "race",
			Was: keyring.Fingerprint(r.key, credential(n-1)), Becomes: keyring.Fingerprint(r.key, next),
		},
	}, runbook.Actor{Incident: "race", Approved: []string{"U1"}}, &next)
	if err == nil && !receipt.Done {
		err = errors.New(receipt.Detail)
	}
	if err != nil {
		return fmt.Errorf("writing the entry for %s: %w", host, err)
	}
	return nil
}

func credential(n int) keyring.Credential {
	return keyring.Credential{User: "bot", Password: keyring.NewSecret(strconv.Itoa(n))}
}

func hand(n int) string { return fmt.Sprintf("hand-%d.example", n) }

// byHand adds an entry as careful people do: read, change, replace, and again
// on a conflict.
func (r *race) byHand(n int) error {
	return retry.OnError(retry.DefaultBackoff, apierrors.IsConflict, func() error {
		secret, err := r.Client.CoreV1().Secrets(r.namespace).Get(r.t.Context(), "regcred", metav1.GetOptions{})
		if err != nil {
			return err
		}
		auths := r.auths(secret)
		auths[hand(n)] = login("person", "p")
		secret.Data = newSecret("", secret.Type, auths).Data
		_, err = r.Client.CoreV1().Secrets(r.namespace).Update(r.t.Context(), secret, metav1.UpdateOptions{})
		return err
	})
}

func (r *race) read() *corev1.Secret {
	r.t.Helper()
	secret, err := r.Client.CoreV1().Secrets(r.namespace).Get(r.t.Context(), "regcred", metav1.GetOptions{})
	r.must(err)
	return secret
}

func (r *race) auths(secret *corev1.Secret) map[string]entry {
	var document struct{ Auths map[string]entry }
	if err := json.Unmarshal(secret.Data[corev1.DockerConfigJsonKey], &document); err != nil {
		r.t.Errorf("the secret cannot be decoded: %v", err)
	}
	return document.Auths
}
