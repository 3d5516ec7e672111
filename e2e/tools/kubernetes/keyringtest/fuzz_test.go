package keyringtest

import (
	"log/slog"
	"testing"

	v1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"

	"github.com/pullfix/pullfix/runbook/keyring"
)

// FuzzKubeletAgrees compares both on documents that no generator thinks of.
func FuzzKubeletAgrees(f *testing.F) {
	klog.SetSlogLogger(slog.New(slog.DiscardHandler))
	for _, document := range []string{
		`{"auths":{"ghcr.io":{"auth":"YTpi"}}}`,
		`{"auths":{"ghcr.io":{"auth":"YTpi"},"https://ghcr.io/a":{"username":"u"}},"AUTHS":{"ghcr.io":null}}`,
		"{\"auths\":{\"ghcr.io/\xff\":{\"username\":\"\xff\",\"password\":\"\\ud800\"},\"ghcr.io/\xfe\":{}}}",
		`{"auths":{"ghcr.io":{"auth":"YTpi","Auth":"YTpj","AUTH":null}}}`,
		`{"auths":{"%67hcr.io":{},"ghcr.io/%2561":{},"ghcr.io/%3F":{},"[::1]":{},"a@ghcr.io":{}}}`,
		`{"ghcr.io":{"auth":"YTpi"}}`,
		`{"HttpHeaders":{"a":[]},"auths":{"a":5}}`,
	} {
		f.Add("ghcr.io/a/b", document, true)
		f.Add("nginx", document, false)
	}
	f.Fuzz(func(t *testing.T, image, document string, wrapped bool) {
		s := v1.Secret{Type: v1.SecretTypeDockercfg, Data: map[string][]byte{v1.DockerConfigKey: []byte(document)}}
		if wrapped {
			s = v1.Secret{Type: v1.SecretTypeDockerConfigJson, Data: map[string][]byte{v1.DockerConfigJsonKey: []byte(document)}}
		}
		s.Name = "pull"
		pod := []v1.Secret{s, {Type: s.Type, Data: s.Data}}
		pod[1].Name = "again"
		if diff := difference(ask(t, image, pod), keyring.Find(image, ours(pod))); diff != "" {
			t.Error(diff)
		}
	})
}
