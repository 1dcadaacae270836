{{- define "varve.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "varve.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "varve.labels" -}}
{{ include "varve.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "varve.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{- define "varve.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ default (include "varve.fullname" .) .Values.serviceAccount.name }}
{{- else -}}
{{ default "default" .Values.serviceAccount.name }}
{{- end -}}
{{- end -}}

{{- define "varve.maintainerServiceAccount" -}}
{{- if .Values.maintainerServiceAccount.create -}}
{{ default (printf "%s-maintainer" (include "varve.fullname" .)) .Values.maintainerServiceAccount.name }}
{{- else -}}
{{ default "default" .Values.maintainerServiceAccount.name }}
{{- end -}}
{{- end -}}

{{- define "varve.env" -}}
{{- with .Values.env }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "varve.envFrom" -}}
{{- with .Values.envFrom }}
{{ toYaml . }}
{{- end }}
{{- if .Values.externalSecret.enabled }}
- secretRef: { name: {{ include "varve.fullname" . }} }
{{- end }}
{{- end -}}

{{/* What every container has. */}}
{{- define "varve.container" -}}
image: {{ include "varve.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext: {{- toYaml .Values.securityContext | nindent 2 }}
{{- with include "varve.envFrom" . | trim }}
envFrom: {{- . | nindent 2 }}
{{- end }}
volumeMounts:
  - { name: config, mountPath: /etc/varve, readOnly: true }
  - { name: tmp, mountPath: /tmp }
{{- end -}}

{{/* What every pod has. */}}
{{- define "varve.pod" -}}
automountServiceAccountToken: false
securityContext: {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
volumes:
  - name: config
    configMap: { name: {{ include "varve.fullname" . }} }
  - name: tmp
    emptyDir: { sizeLimit: 64Mi }
{{- end -}}
