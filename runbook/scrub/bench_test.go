package scrub

import (
	"strings"
	"testing"
)

func BenchmarkText(b *testing.B) {
	texts := map[string]string{
		"kubelet": `Failed to pull image "ghcr.io/acme/app:1.2": failed to pull and unpack image "ghcr.io/acme/app:1.2": failed to resolve reference "ghcr.io/acme/app:1.2": failed to authorize: failed to fetch oauth token: unexpected status from GET request to https://ghcr.io/token?scope=repository%3Aacme%2Fapp%3Apull&service=ghcr.io: 403 Forbidden`,
		"plain":   `Back-off pulling image "nginx:1.99": ErrImagePull: docker.io/library/nginx:1.99: not found`,
		"hostile": strings.Repeat("https://a:b@c?d=\x1b[31m\u202e", 600),
		"braces":  strings.Repeat("[", 16<<10),
		"letters": strings.Repeat("a", 16<<10),
		"colons":  strings.Repeat("a:b", 5<<10),
	}
	for name, text := range texts {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				Text(text)
			}
		})
	}
}
