{{- define "pullfix.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}
{{- end -}}
{{- end -}}

{{- define "pullfix.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "pullfix.labels" -}}
{{ include "pullfix.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "pullfix.account" -}}
{{ .Values.serviceAccount.name | default (include "pullfix.name" .) }}
{{- end -}}

{{/* Objects of the whole cluster carry the namespace, so that two releases do not share them. */}}
{{- define "pullfix.clusterwide" -}}
{{ printf "%s-%s" .Release.Namespace (include "pullfix.name" .) }}
{{- end -}}

{{- define "pullfix.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "pullfix.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- range $key := list "store" "listen" -}}
{{- if hasKey $config $key -}}
{{- fail (printf "config.%s is set by the chart: leave it out" $key) -}}
{{- end -}}
{{- end -}}
{{- $_ := set $config "store" (dict "directory" "/var/lib/pullfix/journal" "keyFile" "/var/lib/pullfix/key/pullfix.key") -}}
{{- $_ := set $config "listen" ":8080" -}}
{{ toYaml $config }}
{{- end -}}

{{/* One rule, bound to pullfix in each of the namespaces, or everywhere for "*". */}}
{{- define "pullfix.grant" -}}
{{- $root := .root -}}
{{- $rules := .rules -}}
{{- $layer := .layer -}}
{{- if has "*" .namespaces }}
{{- if gt (len .namespaces) 1 }}{{ fail (printf "%s: \"*\" covers every namespace; name it alone" $layer) }}{{ end }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ include "pullfix.clusterwide" $root }}-{{ $layer }}
  labels: {{- include "pullfix.labels" $root | nindent 4 }}
rules: {{- $rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ include "pullfix.clusterwide" $root }}-{{ $layer }}
  labels: {{- include "pullfix.labels" $root | nindent 4 }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {{ include "pullfix.clusterwide" $root }}-{{ $layer }}}
subjects:
  - {kind: ServiceAccount, name: {{ include "pullfix.account" $root }}, namespace: {{ $root.Release.Namespace }}}
{{- else }}
{{- range $namespace := .namespaces }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ include "pullfix.clusterwide" $root }}-{{ $layer }}
  namespace: {{ $namespace }}
  labels: {{- include "pullfix.labels" $root | nindent 4 }}
rules: {{- $rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ include "pullfix.clusterwide" $root }}-{{ $layer }}
  namespace: {{ $namespace }}
  labels: {{- include "pullfix.labels" $root | nindent 4 }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: {{ include "pullfix.clusterwide" $root }}-{{ $layer }}}
subjects:
  - {kind: ServiceAccount, name: {{ include "pullfix.account" $root }}, namespace: {{ $root.Release.Namespace }}}
{{- end }}
{{- end }}
{{- end -}}

{{/* A condition: the request is within the namespaces. */}}
{{- define "pullfix.within" -}}
{{- if has "*" . -}}
true
{{- else if not . -}}
false
{{- else -}}
request.namespace in {{ toJson . }}
{{- end -}}
{{- end -}}
