package message

import (
	"testing"

	"github.com/pullfix/pullfix/runbook/cause"
)

func TestWaiting(t *testing.T) {
	tests := []struct {
		reason, message string
		want            cause.Cause
	}{
		{"ErrImagePull", notFound, cause.TagNotFound},
		{"ErrImagePull", "", cause.BackOffOnly},
		{"ImagePullBackOff", `Back-off pulling image "a"`, cause.BackOffOnly},
		{"ImagePullBackOff", `Back-off pulling image "a": ErrImagePull: pull QPS exceeded`, cause.PullQPSExceeded},
		{"ImagePullBackOff", "words nobody knows", cause.Unknown},
		{"InvalidImageName", "", cause.InvalidReference},
		{"InvalidImageName", `Failed to apply default image tag "A": couldn't parse image name "A": invalid reference format`, cause.InvalidReference},
		{"ErrImageNeverPull", `Container image "a" is not present with pull policy of Never`, cause.NeverPull},
		{"SignatureValidationFailed", "image pull failed for a because the signature validation failed: open /x: no such file or directory", cause.SignaturePolicy},
		{"RegistryUnavailable", "image pull failed for a because the registry is unavailable", cause.ConnectionRefused},
		{"RegistryUnavailable", "image pull failed for a because the registry is unavailable: dial tcp: lookup a: no such host", cause.DNSFailure},
		{"ImageInspectError", `Failed to inspect image "": rpc error: code = Unknown desc = odd`, cause.RuntimeUnavailable},
		{"illegal base64 data at input byte 0", "illegal base64 data at input byte 0", cause.PullSecretMalformed},
		{"unable to parse auth field, must be formatted as base64(username:password)", "", cause.PullSecretMalformed},
		{"ContainerCreating", "", cause.NotPullFailure},
		{"CrashLoopBackOff", "back-off 5m0s restarting failed container=a pod=b", cause.NotPullFailure},
		{"CreateContainerError", "manifest unknown", cause.NotPullFailure},
		{"CreateContainerConfigError", `secret "a" not found`, cause.NotPullFailure},
	}
	for _, test := range tests {
		if got := Waiting(test.reason, test.message); got.Cause != test.want {
			t.Errorf("%s: %s: %s, want %s", test.reason, test.message, got.Cause, test.want)
		}
	}
}

func TestIsPullReason(t *testing.T) {
	for _, reason := range []string{"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError", "RegistryUnavailable", "SignatureValidationFailed", "illegal base64 data at input byte 4", "unexpected end of JSON input"} {
		if !IsPullReason(reason) {
			t.Errorf("%q is about a pull", reason)
		}
	}
	for _, reason := range []string{"", "ContainerCreating", "PodInitializing", "CrashLoopBackOff", "CreateContainerConfigError", "CreateContainerError", "RunContainerError", "Error", "OOMKilled"} {
		if IsPullReason(reason) {
			t.Errorf("%q is not about a pull", reason)
		}
	}
}
