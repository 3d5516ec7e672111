package k8s

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullfix/pullfix/runbook"
)

// ownership tells what keeps an object as it is; nil when nothing shows. The
// tool that would undo a change first comes first. The marks are those of the
// tools' own sources.
func ownership(meta *metav1.ObjectMeta) *runbook.Ownership {
	for _, mark := range []func(*metav1.ObjectMeta) *runbook.Ownership{
		externalSecrets, sealedSecrets, replicated, flux, argoCD, helm, controlled,
	} {
		if o := mark(meta); o != nil {
			return o
		}
	}
	return nil
}

// externalSecrets watches what it wrote and refreshes it as soon as the hash of
// the data differs (external-secrets, externalsecret_controller.go).
func externalSecrets(meta *metav1.ObjectMeta) *runbook.Ownership {
	owner := ownerOfKind(meta, "ExternalSecret")
	marked := meta.Labels["reconcile.external-secrets.io/managed"] == "true" ||
		meta.Annotations["reconcile.external-secrets.io/data-hash"] != ""
	if owner == "" && !marked {
		return nil
	}
	return &runbook.Ownership{By: runbook.OwnerExternalSecrets, Name: owner, Effect: "reverted within seconds"}
}

// sealedSecrets writes again when the SealedSecret changes or its controller
// starts, and not before.
func sealedSecrets(meta *metav1.ObjectMeta) *runbook.Ownership {
	owner := ownerOfKind(meta, "SealedSecret")
	marked := meta.Annotations["sealedsecrets.bitnami.com/managed"] == "true" ||
		meta.Annotations["sealedsecrets.bitnami.com/patch"] == "true"
	if owner == "" && !marked {
		return nil
	}
	return &runbook.Ownership{
		By: runbook.OwnerSealedSecrets, Name: owner,
		Effect: "lost when the SealedSecret changes or its controller restarts",
	}
}

// replicated are copies: the object they come from is the one to change.
func replicated(meta *metav1.ObjectMeta) *runbook.Ownership {
	o := runbook.Ownership{By: runbook.OwnerReplicator, Effect: "overwritten when the origin is copied again"}
	if origin := meta.Annotations["replicator.v1.mittwald.de/replicate-from"]; origin != "" {
		o.Name, o.Origin = "kubernetes-replicator", qualified(origin, meta.Namespace)
		return &o
	}
	if origin := meta.Annotations["reflector.v1.k8s.emberstack.com/reflects"]; origin != "" {
		o.Name, o.Origin = "reflector", qualified(origin, meta.Namespace)
		return &o
	}
	if policy := meta.Labels["generate.kyverno.io/policy-name"]; policy != "" {
		o.Name, o.Effect = "ClusterPolicy/"+policy, "overwritten when the policy generates it again"
		if namespace := meta.Labels["generate.kyverno.io/policy-namespace"]; namespace != "" {
			o.Name = "Policy/" + policy
		}
		return &o
	}
	return nil
}

// qualified is NAMESPACE/NAME; a bare name is one of the same namespace.
func qualified(name, namespace string) string {
	if strings.Contains(name, "/") {
		return name
	}
	return namespace + "/" + name
}

// flux applies what is in Git at each interval, unless the object opts out
// (kustomize-controller, docs/spec/v1/kustomizations.md); a HelmRelease is only
// applied again when it is upgraded.
func flux(meta *metav1.ObjectMeta) *runbook.Ownership {
	if name := meta.Labels["kustomize.toolkit.fluxcd.io/name"]; name != "" {
		o := runbook.Ownership{
			By: runbook.OwnerFlux, Name: join(meta.Labels["kustomize.toolkit.fluxcd.io/namespace"], name),
			Effect: "reverted at the next reconciliation",
		}
		switch strings.ToLower(meta.Annotations["kustomize.toolkit.fluxcd.io/ssa"]) {
		case "ignore", "ifnotpresent":
			o.Effect = "kept: Flux is told to leave it alone"
		case "merge":
			o.Effect = "fields that stand in Git are reverted at the next reconciliation"
		}
		return &o
	}
	if name := meta.Labels["helm.toolkit.fluxcd.io/name"]; name != "" {
		return &runbook.Ownership{
			By: runbook.OwnerFlux, Name: join(meta.Labels["helm.toolkit.fluxcd.io/namespace"], name),
			Effect: "until the next upgrade of the HelmRelease",
		}
	}
	return nil
}

// argoCD marks what it tracks with an annotation APP:GROUP/KIND:NAMESPACE/NAME,
// or with the instance label. Charts set that label too, so it counts only next
// to Argo CD's field manager.
func argoCD(meta *metav1.ObjectMeta) *runbook.Ownership {
	app, _, tracked := strings.Cut(meta.Annotations["argocd.argoproj.io/tracking-id"], ":")
	if !tracked {
		if app = meta.Labels["app.kubernetes.io/instance"]; app == "" || !managedBy(meta.ManagedFields, "argocd") {
			return nil
		}
	}
	// Applications outside of Argo CD's namespace are tracked as NAMESPACE_NAME.
	return &runbook.Ownership{
		By: runbook.OwnerArgoCD, Name: strings.Replace(app, "_", "/", 1),
		Effect: "reverted within seconds with self-heal, else at the next sync",
	}
}

// helm marks what it installs with two annotations. Rendered charts that others
// apply have the label only.
func helm(meta *metav1.ObjectMeta) *runbook.Ownership {
	release := meta.Annotations["meta.helm.sh/release-name"]
	labelled := meta.Labels["app.kubernetes.io/managed-by"] == "Helm" && managedBy(meta.ManagedFields, "helm")
	if release == "" && !labelled {
		return nil
	}
	if release == "" {
		release = meta.Labels["app.kubernetes.io/instance"]
	}
	return &runbook.Ownership{
		By: runbook.OwnerHelm, Name: join(meta.Annotations["meta.helm.sh/release-namespace"], release),
		Effect: "until the next upgrade or rollback",
	}
}

// controlled is any other controller: what it does with a change is its own.
func controlled(meta *metav1.ObjectMeta) *runbook.Ownership {
	o := runbook.Ownership{By: runbook.OwnerController, Effect: "its controller may revert it at any time"}
	if owner := nearestOwner(meta.OwnerReferences); owner != "" {
		o.Name = owner
		return &o
	}
	for name := range meta.Annotations {
		if strings.HasPrefix(name, "openshift.io/") && strings.Contains(meta.Name, "-dockercfg-") {
			o.Name = "OpenShift"
			return &o
		}
	}
	return nil
}

// ownerOfKind is KIND/NAME of an owner of that kind.
func ownerOfKind(meta *metav1.ObjectMeta, kind string) string {
	for _, owner := range meta.OwnerReferences {
		if owner.Kind == kind {
			return owner.Kind + "/" + owner.Name
		}
	}
	return ""
}

func join(namespace, name string) string {
	if namespace == "" || name == "" {
		return name
	}
	return namespace + "/" + name
}
