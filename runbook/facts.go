package runbook

import "time"

// Facts are what the cluster says about a target, without any credential.
type Facts struct {
	Target     Target          `json:"target"`
	ObservedAt time.Time       `json:"observedAt"`
	Pod        Pod             `json:"pod"`
	Workload   *Workload       `json:"workload,omitempty"` // the top of the owner chain; nil for a bare pod
	Node       *Node           `json:"node,omitempty"`     // nil when unscheduled or unreadable
	Events     []Event         `json:"events,omitempty"`   // of this pod, oldest first
	Account    *ServiceAccount `json:"account,omitempty"`
	// Secrets are the pull secrets of the namespace that matter: those the pod
	// lists, in its order, then those it does not.
	Secrets []SecretFacts `json:"secrets,omitempty"`
	// Failing are the pods of the whole cluster (or of the readable part) that
	// wait for an image, this one included; at most MaxFailing.
	Failing []FailingPull `json:"failing,omitempty"`
	Gaps    []Gap         `json:"gaps,omitempty"`
}

// MaxFailing bounds the cluster-wide list in a case.
const MaxFailing = 2000

// Pod is the pod under diagnosis.
type Pod struct {
	Name          string    `json:"name"`
	UID           string    `json:"uid"`
	Phase         string    `json:"phase"`
	Created       time.Time `json:"created"`
	Deleting      bool      `json:"deleting,omitempty"`
	Static        bool      `json:"static,omitempty"` // a mirror pod: only node credentials apply
	Scheduled     bool      `json:"scheduled"`
	Unschedulable string    `json:"unschedulable,omitempty"` // the scheduler's message
	PullSecrets   []string  `json:"pullSecrets,omitempty"`   // spec.imagePullSecrets as admitted, in order
	// Nameless says that the list holds only references without a name: the
	// kubelet skips them, and they keep the ServiceAccount's out all the same.
	Nameless       bool        `json:"nameless,omitempty"`
	ServiceAccount string      `json:"serviceAccount,omitempty"`
	Containers     []Container `json:"containers"` // init, ordinary and ephemeral, in that order
	Volumes        []Volume    `json:"volumes,omitempty"`
}

// The kinds of container.
const (
	KindInit      = "init"
	KindContainer = "container"
	KindEphemeral = "ephemeral"
)

// The states of a container.
const (
	StateWaiting    = "waiting"
	StateRunning    = "running"
	StateTerminated = "terminated"
)

// Container is one container of the pod with its status.
type Container struct {
	Name       string `json:"name"`
	Kind       string `json:"kind"`
	Image      string `json:"image"`
	PullPolicy string `json:"pullPolicy"`
	State      string `json:"state,omitempty"` // "" when the kubelet reports no status yet
	Reason     string `json:"reason,omitempty"`
	Message    string `json:"message,omitempty"`
	ImageID    string `json:"imageID,omitempty"`
	Ready      bool   `json:"ready,omitempty"`
	Restarts   int    `json:"restarts,omitempty"`
	ExitCode   int    `json:"exitCode,omitempty"` // of the last termination
	// LastMessage is what the last termination left, as far as it tells of the
	// image, and Lasted how long it ran until then.
	LastMessage string        `json:"lastMessage,omitempty"`
	Lasted      time.Duration `json:"lasted,omitzero"`
	// Started is when a running container was started.
	Started time.Time `json:"started,omitzero"`
	Volumes []string  `json:"volumes,omitempty"` // names of the image volumes that it mounts
}

// Volume is an image volume: a volume whose content is pulled like an image.
type Volume struct {
	Name       string `json:"name"`
	Image      string `json:"image"`
	PullPolicy string `json:"pullPolicy"`
}

// Workload is the controller at the top of the pod's owner chain.
type Workload struct {
	Kind       string `json:"kind"`
	Name       string `json:"name"`
	UID        string `json:"uid"`
	Generation int64  `json:"generation"`
	// Desired, Updated, Ready and Available are the controller's own counts.
	Desired   int `json:"desired"`
	Updated   int `json:"updated"`
	Ready     int `json:"ready"`
	Available int `json:"available"`
	// FailingPods are the names of its pods that wait for an image.
	FailingPods []string `json:"failingPods,omitempty"`
	// Blocked says that its rollout cannot progress while these pods fail.
	Blocked  bool   `json:"blocked,omitempty"`
	Paused   bool   `json:"paused,omitempty"`
	Strategy string `json:"strategy,omitempty"` // RollingUpdate, Recreate, OnDelete
	Ordered  bool   `json:"ordered,omitempty"`  // a StatefulSet with OrderedReady
	// Partition is the ordinal below which a StatefulSet leaves its pods at the
	// old revision, also those that are made anew.
	Partition int `json:"partition,omitempty"`
	// Template is the pod template as it is now.
	Template Template `json:"template"`
	// OldRevision says that the pod was made from an earlier template.
	OldRevision bool       `json:"oldRevision,omitempty"`
	Revisions   []Revision `json:"revisions,omitempty"` // newest first, at most 10
	Owner       *Ownership `json:"owner,omitempty"`     // what manages the workload: Argo CD, Flux, Helm
}

// Template is what a pod template says about images.
type Template struct {
	Images      map[string]string `json:"images"` // container name (volume/NAME for image volumes) to image
	PullSecrets []string          `json:"pullSecrets,omitempty"`
	Nameless    bool              `json:"nameless,omitempty"` // its list of pull secrets holds only references without a name
	Account     string            `json:"account,omitempty"`
	LastWriter  string            `json:"lastWriter,omitempty"`  // field manager of the template's newest change
	LastWritten *time.Time        `json:"lastWritten,omitempty"` // when that was
}

// Revision is one recorded template of a workload.
type Revision struct {
	Number int64             `json:"number"`
	Images map[string]string `json:"images"`
	Ran    bool              `json:"ran"`  // pods of it are or were available
	Pods   int               `json:"pods"` // pods of it that exist now
	Ready  int               `json:"ready"`
}

// Node is the pod's node.
type Node struct {
	Name           string `json:"name"`
	OS             string `json:"os"`
	Arch           string `json:"arch"`
	KubeletVersion string `json:"kubeletVersion,omitempty"`
	Runtime        string `json:"runtime,omitempty"` // containerd://2.4.2
	Ready          bool   `json:"ready"`
	// Turned is when Ready last changed, and Unready why it is not.
	Turned       time.Time `json:"turned,omitzero"`
	Unready      string    `json:"unready,omitempty"`
	DiskPressure bool      `json:"diskPressure,omitempty"`
}

// Event is an event about the pod. Tenants may forge events: they are hints.
type Event struct {
	Type      string    `json:"type"`
	Reason    string    `json:"reason"`
	Message   string    `json:"message"`
	Container string    `json:"container,omitempty"` // from the field path; "" for the whole pod
	Count     int       `json:"count"`
	First     time.Time `json:"first"`
	Last      time.Time `json:"last"`
}

// ServiceAccount is the pod's ServiceAccount as it is now.
type ServiceAccount struct {
	Name        string     `json:"name"`
	Missing     bool       `json:"missing,omitempty"`
	PullSecrets []string   `json:"pullSecrets,omitempty"`
	LastWritten *time.Time `json:"lastWritten,omitempty"` // newest change of its pull secrets known from managedFields
}

// SecretFacts are what is known of a pull secret besides its content.
type SecretFacts struct {
	Name        string     `json:"name"`
	UID         string     `json:"uid,omitempty"`
	Type        string     `json:"type,omitempty"`
	Missing     bool       `json:"missing,omitempty"`
	Unreadable  bool       `json:"unreadable,omitempty"` // forbidden or failed; a Gap says which
	Immutable   bool       `json:"immutable,omitempty"`
	Created     *time.Time `json:"created,omitempty"`
	Listed      bool       `json:"listed"` // by the pod
	Owner       *Ownership `json:"owner,omitempty"`
	LastWriter  string     `json:"lastWriter,omitempty"`
	LastWritten *time.Time `json:"lastWritten,omitempty"`
}

// The tools that may own an object.
const (
	OwnerExternalSecrets = "External Secrets"
	OwnerSealedSecrets   = "Sealed Secrets"
	OwnerArgoCD          = "Argo CD"
	OwnerFlux            = "Flux"
	OwnerHelm            = "Helm"
	OwnerReplicator      = "replicator"
	OwnerController      = "controller"
)

// Ownership says what keeps an object the way it is, and what becomes of a
// change by hand.
type Ownership struct {
	By     string `json:"by"`               // one of the Owner constants
	Name   string `json:"name,omitempty"`   // the owning object, NAMESPACE/NAME or KIND/NAME
	Origin string `json:"origin,omitempty"` // where a replicated copy comes from
	Effect string `json:"effect,omitempty"` // "reverted within seconds", "until the next sync", …
}

// FailingPull is one container anywhere in the cluster that waits for an image.
type FailingPull struct {
	Namespace string    `json:"namespace"`
	Pod       string    `json:"pod"`
	Container string    `json:"container"`
	Image     string    `json:"image"`
	Reason    string    `json:"reason"`
	Message   string    `json:"message,omitempty"`
	Since     time.Time `json:"since"`
	Workload  string    `json:"workload,omitempty"` // KIND/NAME of the nearest owner, as the pod names it
	// Ran says that the pod is past its start (phase Running): lists of pending
	// pods do not show it.
	Ran bool `json:"ran,omitempty"`
	// Ignored says that the pod asks not to be noticed, by its annotation.
	Ignored bool `json:"ignored,omitempty"`
}

// Gap is something that could not be read, and the right that would allow it.
type Gap struct {
	What  string `json:"what"`            // "secret shop/regcred"
	Why   string `json:"why"`             // "forbidden", "timeout"
	Grant string `json:"grant,omitempty"` // "get secrets in namespace shop"
}
