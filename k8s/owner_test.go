package k8s

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullfix/pullfix/runbook"
)

func yes() *bool { v := true; return &v }

func owned(kind, name string) []metav1.OwnerReference {
	return []metav1.OwnerReference{{APIVersion: "example.com/v1", Kind: kind, Name: name, Controller: yes()}}
}

func TestOwnership(t *testing.T) {
	type m = map[string]string
	by := func(managers ...string) (entries []metav1.ManagedFieldsEntry) {
		for _, manager := range managers {
			entries = append(entries, metav1.ManagedFieldsEntry{Manager: manager})
		}
		return entries
	}
	const (
		seconds = "reverted within seconds"
		argo    = "reverted within seconds with self-heal, else at the next sync"
		sync    = "reverted at the next reconciliation"
		helmed  = "until the next upgrade or rollback"
		copied  = "overwritten when the origin is copied again"
		sealed  = "lost when the SealedSecret changes or its controller restarts"
	)
	for name, test := range map[string]struct {
		meta metav1.ObjectMeta
		want *runbook.Ownership
	}{
		"nobody": {},
		"External Secrets, by owner": {
			metav1.ObjectMeta{OwnerReferences: owned("ExternalSecret", "regcred")},
			&runbook.Ownership{By: runbook.OwnerExternalSecrets, Name: "ExternalSecret/regcred", Effect: seconds},
		},
		"External Secrets, by label": {
			metav1.ObjectMeta{Labels: m{"reconcile.external-secrets.io/managed": "true"}},
			&runbook.Ownership{By: runbook.OwnerExternalSecrets, Effect: seconds},
		},
		"External Secrets, by hash, made by a Helm chart": {
			metav1.ObjectMeta{Annotations: m{"reconcile.external-secrets.io/data-hash": "x", "meta.helm.sh/release-name": "y"}},
			&runbook.Ownership{By: runbook.OwnerExternalSecrets, Effect: seconds},
		},
		"Sealed Secrets, by owner": {
			metav1.ObjectMeta{OwnerReferences: owned("SealedSecret", "regcred")},
			&runbook.Ownership{By: runbook.OwnerSealedSecrets, Name: "SealedSecret/regcred", Effect: sealed},
		},
		"Sealed Secrets, by annotation": {
			metav1.ObjectMeta{Annotations: m{"sealedsecrets.bitnami.com/patch": "true"}},
			&runbook.Ownership{By: runbook.OwnerSealedSecrets, Effect: sealed},
		},
		"Argo CD": {
			metav1.ObjectMeta{Annotations: m{"argocd.argoproj.io/tracking-id": "web:/Secret:shop/regcred"}},
			&runbook.Ownership{By: runbook.OwnerArgoCD, Name: "web", Effect: argo},
		},
		"Argo CD, application in another namespace": {
			metav1.ObjectMeta{Annotations: m{"argocd.argoproj.io/tracking-id": "team-a_web:apps/Deployment:shop/web"}},
			&runbook.Ownership{By: runbook.OwnerArgoCD, Name: "team-a/web", Effect: argo},
		},
		"Argo CD, by label": {
			metav1.ObjectMeta{Labels: m{"app.kubernetes.io/instance": "web"}, ManagedFields: by("argocd-controller")},
			&runbook.Ownership{By: runbook.OwnerArgoCD, Name: "web", Effect: argo},
		},
		"a chart's label alone is nobody's": {
			metav1.ObjectMeta{Labels: m{"app.kubernetes.io/instance": "web", "app.kubernetes.io/managed-by": "Helm"}, ManagedFields: by("kubectl-client-side-apply")},
			nil,
		},
		"Flux, Kustomization": {
			metav1.ObjectMeta{Labels: m{"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}},
			&runbook.Ownership{By: runbook.OwnerFlux, Name: "flux-system/apps", Effect: sync},
		},
		"Flux, told to ignore": {
			metav1.ObjectMeta{Labels: m{"kustomize.toolkit.fluxcd.io/name": "apps"}, Annotations: m{"kustomize.toolkit.fluxcd.io/ssa": "Ignore"}},
			&runbook.Ownership{By: runbook.OwnerFlux, Name: "apps", Effect: "kept: Flux is told to leave it alone"},
		},
		"Flux, told to merge": {
			metav1.ObjectMeta{Labels: m{"kustomize.toolkit.fluxcd.io/name": "apps"}, Annotations: m{"kustomize.toolkit.fluxcd.io/ssa": "Merge"}},
			&runbook.Ownership{By: runbook.OwnerFlux, Name: "apps", Effect: "fields that stand in Git are reverted at the next reconciliation"},
		},
		"Flux, HelmRelease, which carries Helm's marks too": {
			metav1.ObjectMeta{
				Labels:      m{"helm.toolkit.fluxcd.io/name": "web", "helm.toolkit.fluxcd.io/namespace": "shop"},
				Annotations: m{"meta.helm.sh/release-name": "web"},
			},
			&runbook.Ownership{By: runbook.OwnerFlux, Name: "shop/web", Effect: "until the next upgrade of the HelmRelease"},
		},
		"Helm": {
			metav1.ObjectMeta{Annotations: m{"meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": "shop"}},
			&runbook.Ownership{By: runbook.OwnerHelm, Name: "shop/web", Effect: helmed},
		},
		"Helm, by label": {
			metav1.ObjectMeta{Labels: m{"app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/instance": "web"}, ManagedFields: by("helm")},
			&runbook.Ownership{By: runbook.OwnerHelm, Name: "web", Effect: helmed},
		},
		"kubernetes-replicator": {
			metav1.ObjectMeta{Namespace: "shop", Annotations: m{"replicator.v1.mittwald.de/replicate-from": "platform/regcred"}},
			&runbook.Ownership{By: runbook.OwnerReplicator, Name: "kubernetes-replicator", Origin: "platform/regcred", Effect: copied},
		},
		"reflector, origin in the same namespace": {
			metav1.ObjectMeta{Namespace: "shop", Annotations: m{"reflector.v1.k8s.emberstack.com/reflects": "regcred"}},
			&runbook.Ownership{By: runbook.OwnerReplicator, Name: "reflector", Origin: "shop/regcred", Effect: copied},
		},
		"Kyverno": {
			metav1.ObjectMeta{Labels: m{"generate.kyverno.io/policy-name": "sync-regcred"}},
			&runbook.Ownership{By: runbook.OwnerReplicator, Name: "ClusterPolicy/sync-regcred", Effect: "overwritten when the policy generates it again"},
		},
		"any controller": {
			metav1.ObjectMeta{OwnerReferences: owned("VaultStaticSecret", "regcred")},
			&runbook.Ownership{By: runbook.OwnerController, Name: "VaultStaticSecret/regcred", Effect: "its controller may revert it at any time"},
		},
		"OpenShift's own": {
			metav1.ObjectMeta{Name: "default-dockercfg-x7z", Annotations: m{"openshift.io/internal-registry-auth-token.binding": "bound"}},
			&runbook.Ownership{By: runbook.OwnerController, Name: "OpenShift", Effect: "its controller may revert it at any time"},
		},
		"an owner that does not control": {
			metav1.ObjectMeta{OwnerReferences: []metav1.OwnerReference{{Kind: "ConfigMap", Name: "x"}}}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, ownership(&test.meta)); diff != "" {
				t.Errorf("ownership (-want +got):\n%s", diff)
			}
		})
	}
}
