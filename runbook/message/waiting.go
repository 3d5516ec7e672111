package message

import (
	"strings"

	"github.com/pullfix/pullfix/runbook/cause"
)

// Waiting reads a container's waiting state. The message decides; the reason is
// a hint where the message says nothing. Kubelets since 1.33 put a Go error in
// both fields when a pull secret cannot be decoded, so reasons are no closed
// list.
func Waiting(reason, message string) Reading {
	if isOtherReason(reason) {
		reading := Read(message)
		reading.Cause, reading.Certainty, reading.Also = cause.NotPullFailure, cause.Likely, nil
		reading.Fragment = reason
		return reading
	}
	if message == "" {
		message = reason
	}
	reading := Read(message)
	hint, ok := hintOf(reason)
	if !ok || !weak(reading.Cause, hint) {
		return reading
	}
	reading.Cause, reading.Fragment = hint, reason
	reading.Certainty = certainty(reading)
	return reading
}

// IsPullReason says whether a waiting reason is about images. Free text, as
// kubelets since 1.33 give for a malformed pull secret, counts as well.
func IsPullReason(reason string) bool {
	if _, ok := hintOf(reason); ok {
		return true
	}
	return strings.Contains(reason, " ") && Read(reason).Cause == cause.PullSecretMalformed
}

// hintOf maps the kubelet's image reasons (pkg/kubelet/images/types.go and
// cri-api/pkg/errors) to what they say by themselves.
func hintOf(reason string) (cause.Cause, bool) {
	switch reason {
	case "ErrImagePull", "ImagePullBackOff":
		return cause.BackOffOnly, true
	case "InvalidImageName":
		return cause.InvalidReference, true
	case "ErrImageNeverPull":
		return cause.NeverPull, true
	case "SignatureValidationFailed":
		return cause.SignaturePolicy, true
	case "RegistryUnavailable":
		return cause.ConnectionRefused, true // CRI-O says so for ECONNREFUSED only
	case "ImageInspectError":
		return cause.RuntimeUnavailable, true
	}
	return "", false
}

// weak says whether a reason tells more than what was read from the message.
func weak(read, hint cause.Cause) bool {
	if read == cause.NotPullFailure {
		return true
	}
	if read == cause.BackOffOnly || read == cause.Unknown {
		return hint != cause.BackOffOnly
	}
	return hint == cause.InvalidReference || hint == cause.NeverPull || hint == cause.SignaturePolicy
}

// isOtherReason knows the waiting reasons of other troubles, whose messages may
// still hold the words of a pull failure.
func isOtherReason(reason string) bool {
	switch reason {
	case "ContainerCreating", "PodInitializing", "CrashLoopBackOff", "CreateContainerConfigError",
		"CreateContainerError", "RunContainerError", "PreCreateHookError", "PreStartHookError",
		"PostStartHookError", "StartError", "ContainerCannotRun", "OOMKilled", "Completed", "Error":
		return true
	}
	return false
}
