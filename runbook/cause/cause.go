// Package cause names why an image pull fails. The names are CamelCase like
// Kubernetes reasons; scripts depend on them, so a name is never changed.
package cause

// Cause is the root cause of a failed image pull.
type Cause string

// The causes that a kubelet message or a diagnosis can have.
const (
	TagNotFound                Cause = "TagNotFound"
	RepositoryNotFound         Cause = "RepositoryNotFound"
	NotFoundOrDenied           Cause = "NotFoundOrDenied" // the registry does not let the two be told apart
	AuthMissing                Cause = "AuthMissing"      // no credential was sent
	AuthRejected               Cause = "AuthRejected"
	AuthExpired                Cause = "AuthExpired"
	PermissionDenied           Cause = "PermissionDenied"
	RateLimited                Cause = "RateLimited"
	DNSFailure                 Cause = "DNSFailure"
	ConnectionRefused          Cause = "ConnectionRefused"
	Timeout                    Cause = "Timeout"
	NetworkUnreachable         Cause = "NetworkUnreachable" // no route, reset, EOF
	ProxyFailure               Cause = "ProxyFailure"
	TLSUntrusted               Cause = "TLSUntrusted"
	HTTPSMismatch              Cause = "HTTPSMismatch" // http registry, https client
	RegistryServerError        Cause = "RegistryServerError"
	UnexpectedRegistryResponse Cause = "UnexpectedRegistryResponse" // 404, 405, 412 or a web page where a registry answer belongs
	PlatformMismatch           Cause = "PlatformMismatch"
	InvalidReference           Cause = "InvalidReference"
	ShortNameUnresolved        Cause = "ShortNameUnresolved"
	UnsupportedManifest        Cause = "UnsupportedManifest"
	CorruptContent             Cause = "CorruptContent" // digest, size, unpack
	DiskFull                   Cause = "DiskFull"
	NeverPull                  Cause = "NeverPull"
	PullSecretMissing          Cause = "PullSecretMissing"
	PullSecretMalformed        Cause = "PullSecretMalformed"
	CredentialProviderFailed   Cause = "CredentialProviderFailed"
	SignaturePolicy            Cause = "SignaturePolicy"
	RuntimeUnavailable         Cause = "RuntimeUnavailable"
	SandboxImage               Cause = "SandboxImage" // the pause image
	PullQPSExceeded            Cause = "PullQPSExceeded"
	PullCancelled              Cause = "PullCancelled"
	BackOffOnly                Cause = "BackOffOnly" // no cause in the text
	NotPullFailure             Cause = "NotPullFailure"
	Unknown                    Cause = "Unknown"
)

// The causes that only a diagnosis can have: they need the secret or the
// registry, no message tells them.
const (
	PullSecretWrongType   Cause = "PullSecretWrongType"
	PullSecretWrongHost   Cause = "PullSecretWrongHost" // decodes, but no key matches: host, port or path
	PullSecretNotAttached Cause = "PullSecretNotAttached"
	None                  Cause = "None"
)

// Certainty says how far a cause is proven.
type Certainty string

// Certain means that kubelet and registry or secret evidence agree, or that the
// kubelet's word suffices.
const (
	Certain          Certainty = "certain"
	Likely           Certainty = "likely"
	CertaintyUnknown Certainty = "unknown"
)
