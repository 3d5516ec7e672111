package keyring

import (
	"encoding/json"
	"fmt"
	"strings"
)

// documentProblems says what is wrong with a document as a whole.
func (r *ring) documentProblems(doc document, top []member, entries int) {
	for _, m := range top {
		if doc.format.wrapped && isHelper(m.name) {
			r.problem(doc.source, CredentialHelpers, fmt.Sprintf(
				"%s names a credential helper (%s): the kubelet ignores it, a pull secret must hold the password itself", doc.source, m.name))
		}
	}
	switch {
	case !json.Valid(doc.raw):
	case !doc.format.wrapped && len(top) == 1 && strings.EqualFold(top[0].name, "auths"):
		r.problem(doc.source, WrappedInLegacy, fmt.Sprintf(
			`%s has the old type %s, whose entries stand at the top, but they are below "auths": the kubelet takes auths for a host. Make the type %s`,
			doc.source, doc.typeOf, configJSON().secretType))
	case entries > 0:
	case doc.format.wrapped && looksLegacy(top):
		r.problem(doc.source, LegacyFormat, fmt.Sprintf(
			`the entries of %s are not below "auths": the kubelet reads none of them. Wrap them: {"auths": {…}}`, doc.source))
	default:
		r.problem(doc.source, NoEntries, fmt.Sprintf("%s has no entries", doc.source))
	}
}

// isHelper reports whether a top-level field hands the passwords to a program.
func isHelper(name string) bool {
	return strings.EqualFold(name, "credsStore") || strings.EqualFold(name, "credHelpers")
}

// looksLegacy reports whether credentials stand at the top of a document.
func looksLegacy(top []member) bool {
	for _, m := range top {
		fields, _ := members(m.raw) // what is no object has no fields
		for _, f := range fields {
			switch strings.ToLower(f.name) {
			case "auth", "username", "password", "identitytoken", "registrytoken":
				return true
			}
		}
	}
	return false
}
