package k8s

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// Bounds of what is read to count who uses a secret.
const accountsRead = 500

// references says who names a pull secret in its namespace: pods, the workloads
// that made them, ServiceAccounts.
func (p *planner) references(ctx context.Context, secret string) string {
	var found, accounts []string
	workloads := make(map[string]bool)
	var unread [2]string
	sideBySide(
		func() { found, unread[0] = p.podsWith(ctx, secret, workloads) },
		func() { accounts, unread[1] = p.accountsWith(ctx, secret) },
	)
	for _, reason := range unread {
		if reason != "" {
			return "Who else uses the secret is not known: " + reason + "."
		}
	}
	said := fmt.Sprintf("In this namespace %s of %s", counted(len(found), "pod"), counted(len(workloads), "workload"))
	if len(accounts) > 0 {
		said += fmt.Sprintf(" and %s (%s)", counted(len(accounts), "ServiceAccount"), several(accounts))
	}
	return said + " name the secret."
}

func (p *planner) podsWith(ctx context.Context, secret string, workloads map[string]bool) (found []string, unread string) {
	q := p.in(pods, "")
	read := 0
	list, err := each(ctx, p.api, q, func(pod *corev1.Pod) bool {
		read++
		if slices.Contains(referenced(pod.Spec.ImagePullSecrets), secret) {
			found = append(found, pod.Name)
			workloads[maker(pod)] = true
		}
		return read < podsRead
	})
	if err != nil {
		return nil, q.what() + " could not be read (" + why(err) + ")"
	}
	if list.cut || list.next != "" {
		return nil, "there are more than " + fmt.Sprint(podsRead) + " pods"
	}
	return found, ""
}

// maker is what made a pod, as a name: its Deployment where that shows, else the
// nearest controller; the pod itself where it has none.
func maker(pod *corev1.Pod) string {
	owner := controllerOf(pod.OwnerReferences)
	if owner == nil {
		return kindPod + "/" + pod.Name
	}
	if above, ok := deploymentName(pod, owner.Name); ok && owner.Kind == kindReplicaSet {
		return kindDeployment + "/" + above
	}
	return owner.Kind + "/" + owner.Name
}

func (p *planner) accountsWith(ctx context.Context, secret string) (found []string, unread string) {
	q := p.in(serviceAccounts, "")
	read := 0
	_, err := each(ctx, p.api, q, func(account *corev1.ServiceAccount) bool {
		read++
		if slices.Contains(referenced(account.ImagePullSecrets), secret) {
			found = append(found, account.Name)
		}
		return read < accountsRead
	})
	if err != nil {
		return nil, q.what() + " could not be read (" + why(err) + ")"
	}
	slices.Sort(found)
	return found, ""
}
