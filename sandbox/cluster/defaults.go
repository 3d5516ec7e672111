package cluster

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// stamp sets what the server sets on a new object and is not there yet. It runs
// under the store's lock.
func (c *Cluster) stamp(r *resource, o object) {
	typed(o, r.gvk)
	if o.GetUID() == "" {
		o.SetUID(uidOf(r, o, c.store.version))
	}
	if o.GetCreationTimestamp().Time.IsZero() {
		o.SetCreationTimestamp(metav1.NewTime(time.Now().UTC().Truncate(time.Second)))
	}
	if o.GetGeneration() == 0 && generational(r) {
		o.SetGeneration(1)
	}
	setDefaults(o)
}

// uidOf makes a UUID from what the object is and when it came, so that the same
// steps give the same cluster.
func uidOf(r *resource, o object, version uint64) types.UID {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%s/%s/%d", r.id(), o.GetNamespace(), o.GetName(), version))
	sum[6] = sum[6]&0x0f | 0x40
	sum[8] = sum[8]&0x3f | 0x80
	return types.UID(fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16]))
}

// generational tells whether the kind counts changes of its spec.
func generational(r *resource) bool {
	switch r.gvk.Kind {
	case "Namespace", "Node":
		return false
	}
	return r.status
}

// ensureNamespace makes a namespace with its default ServiceAccount.
func (c *Cluster) ensureNamespace(name string) error {
	namespaces, accounts := c.byKind("Namespace"), c.byKind("ServiceAccount")
	_, err := c.store.write(namespaces, key{name: name}, func(now object) (object, error) {
		if now != nil {
			return now, nil
		}
		o := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
		c.stamp(namespaces, o)
		return o, nil
	})
	if err != nil {
		return err
	}
	return c.ensureAccount(accounts, name)
}

func (c *Cluster) ensureAccount(accounts *resource, namespace string) error {
	_, err := c.store.write(accounts, key{namespace, "default"}, func(now object) (object, error) {
		if now != nil {
			return now, nil
		}
		o := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "default"}}
		c.stamp(accounts, o)
		return o, nil
	})
	return err
}

// setDefaults fills in what the real server defaults, for the fields that
// matter here.
func setDefaults(o object) {
	switch o := o.(type) {
	case *corev1.Namespace:
		defaultNamespace(o)
	case *corev1.Secret:
		defaultSecret(o)
	case *corev1.Pod:
		defaultPodSpec(&o.Spec)
		orElse(&o.Status.Phase, corev1.PodPending)
		orElse(&o.Status.QOSClass, corev1.PodQOSBestEffort)
	case *corev1.Event:
		orElse(&o.Type, corev1.EventTypeNormal)
	case *appsv1.Deployment:
		defaultDeployment(o)
	case *appsv1.ReplicaSet:
		defaultNumber(&o.Spec.Replicas, 1)
		defaultPodSpec(&o.Spec.Template.Spec)
	case *appsv1.StatefulSet:
		defaultStatefulSet(o)
	case *appsv1.DaemonSet:
		defaultNumber(&o.Spec.RevisionHistoryLimit, 10)
		orElse(&o.Spec.UpdateStrategy.Type, appsv1.RollingUpdateDaemonSetStrategyType)
		defaultPodSpec(&o.Spec.Template.Spec)
	case *batchv1.Job:
		defaultJob(&o.Spec)
	case *batchv1.CronJob:
		orElse(&o.Spec.ConcurrencyPolicy, batchv1.AllowConcurrent)
		defaultJob(&o.Spec.JobTemplate.Spec)
	}
}

func orElse[T ~string](field *T, value T) {
	if *field == "" {
		*field = value
	}
}

func defaultNumber(field **int32, value int32) {
	if *field == nil {
		*field = &value
	}
}

func defaultNamespace(o *corev1.Namespace) {
	orElse(&o.Status.Phase, corev1.NamespaceActive)
	if o.Labels == nil {
		o.Labels = map[string]string{}
	}
	o.Labels[corev1.LabelMetadataName] = o.Name
	if len(o.Spec.Finalizers) == 0 {
		o.Spec.Finalizers = []corev1.FinalizerName{corev1.FinalizerKubernetes}
	}
}

func defaultSecret(o *corev1.Secret) {
	orElse(&o.Type, corev1.SecretTypeOpaque)
	for k, v := range o.StringData {
		if o.Data == nil {
			o.Data = map[string][]byte{}
		}
		o.Data[k] = []byte(v)
	}
	o.StringData = nil
}

func defaultDeployment(o *appsv1.Deployment) {
	defaultNumber(&o.Spec.Replicas, 1)
	defaultNumber(&o.Spec.RevisionHistoryLimit, 10)
	defaultNumber(&o.Spec.ProgressDeadlineSeconds, 600)
	orElse(&o.Spec.Strategy.Type, appsv1.RollingUpdateDeploymentStrategyType)
	if o.Spec.Strategy.Type == appsv1.RollingUpdateDeploymentStrategyType {
		if o.Spec.Strategy.RollingUpdate == nil {
			o.Spec.Strategy.RollingUpdate = &appsv1.RollingUpdateDeployment{}
		}
		quarter := intstr.FromString("25%")
		if o.Spec.Strategy.RollingUpdate.MaxSurge == nil {
			o.Spec.Strategy.RollingUpdate.MaxSurge = &quarter
		}
		if o.Spec.Strategy.RollingUpdate.MaxUnavailable == nil {
			o.Spec.Strategy.RollingUpdate.MaxUnavailable = &quarter
		}
	}
	defaultPodSpec(&o.Spec.Template.Spec)
}

func defaultStatefulSet(o *appsv1.StatefulSet) {
	defaultNumber(&o.Spec.Replicas, 1)
	defaultNumber(&o.Spec.RevisionHistoryLimit, 10)
	orElse(&o.Spec.PodManagementPolicy, appsv1.OrderedReadyPodManagement)
	orElse(&o.Spec.UpdateStrategy.Type, appsv1.RollingUpdateStatefulSetStrategyType)
	defaultPodSpec(&o.Spec.Template.Spec)
}

func defaultJob(spec *batchv1.JobSpec) {
	defaultNumber(&spec.Completions, 1)
	defaultNumber(&spec.Parallelism, 1)
	defaultNumber(&spec.BackoffLimit, 6)
	defaultPodSpec(&spec.Template.Spec)
}

func defaultPodSpec(spec *corev1.PodSpec) {
	orElse(&spec.RestartPolicy, corev1.RestartPolicyAlways)
	orElse(&spec.DNSPolicy, corev1.DNSClusterFirst)
	orElse(&spec.SchedulerName, corev1.DefaultSchedulerName)
	if spec.TerminationGracePeriodSeconds == nil {
		grace := int64(corev1.DefaultTerminationGracePeriodSeconds)
		spec.TerminationGracePeriodSeconds = &grace
	}
	if spec.SecurityContext == nil {
		spec.SecurityContext = &corev1.PodSecurityContext{}
	}
	for _, list := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for i := range list {
			defaultContainer(&list[i])
		}
	}
	for i := range spec.Volumes {
		if image := spec.Volumes[i].Image; image != nil {
			orElse(&image.PullPolicy, policyFor(image.Reference))
		}
	}
}

func defaultContainer(container *corev1.Container) {
	orElse(&container.ImagePullPolicy, policyFor(container.Image))
	orElse(&container.TerminationMessagePath, corev1.TerminationMessagePathDefault)
	orElse(&container.TerminationMessagePolicy, corev1.TerminationMessageReadFile)
}

// policyFor is Always for the tag latest, spelled or implied.
func policyFor(image string) corev1.PullPolicy {
	name := image[strings.LastIndex(image, "/")+1:]
	if strings.Contains(image, "@") {
		return corev1.PullIfNotPresent
	}
	if _, tag, ok := strings.Cut(name, ":"); !ok || tag == "latest" {
		return corev1.PullAlways
	}
	return corev1.PullIfNotPresent
}
