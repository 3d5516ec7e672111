package keyring

import "strings"

// Exact reports whether the kubelet sends an entry of this key to that one
// registry only. A key with a pattern in its host, as *.azurecr.io, sends it to
// whatever registry an image names that fits.
func Exact(key, registry string) bool {
	index, err := indexKey(key)
	if err != nil {
		return false
	}
	at, err := locate(index)
	if err != nil || strings.ContainsAny(at.name, `*?[\`) {
		return false
	}
	return at.host() == registry || (registry == "docker.io" && at.host() == hubHost)
}
