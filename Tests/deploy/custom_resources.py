"""What the operators of the chart's custom resources take, as far as the chart uses it, from their API references.

keda.sh/v1alpha1 ScaledObject with the kafka trigger; monitoring.coreos.com/v1 ServiceMonitor and PrometheusRule;
external-secrets.io/v1 ExternalSecret. Anything that is not listed is refused, so a new field has to be looked up.
"""
import jsonschema


def strict(required=(), **properties):
    return {"type": "object", "additionalProperties": False, "required": list(required), "properties": properties}


TEXT = {"type": "string", "minLength": 1}
COUNT = {"type": "integer", "minimum": 0}
SPAN = {
    "type": "string",
    "pattern": r"^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?)$",
}
LABELS = {"type": "object", "additionalProperties": {"type": "string"}}


def resource(version, kind, spec):
    return strict(
        ["apiVersion", "kind", "metadata", "spec"], apiVersion={"const": version}, kind={"const": kind},
        metadata=strict(["name"], name=TEXT, labels=LABELS, annotations=LABELS), spec=spec)


KAFKA_TRIGGER = strict(
    ["bootstrapServers", "consumerGroup", "topic"],
    **{name: TEXT for name in (
        "bootstrapServers", "consumerGroup", "topic", "lagThreshold", "activationLagThreshold", "sasl", "tls",
        "version",
        "offsetResetPolicy", "allowIdleConsumers", "scaleToZeroOnInvalidOffset", "excludePersistentLag",
        "limitToPartitionsWithLag", "awsRegion")})

SCALED_OBJECT = resource("keda.sh/v1alpha1", "ScaledObject", strict(
    ["scaleTargetRef", "triggers"],
    scaleTargetRef=strict(["name"], apiVersion=TEXT, kind={"enum": ["Deployment", "StatefulSet"]}, name=TEXT),
    pollingInterval={"type": "integer", "minimum": 1}, cooldownPeriod=COUNT, minReplicaCount=COUNT,
    maxReplicaCount={"type": "integer", "minimum": 1},
    advanced=strict(horizontalPodAutoscalerConfig=strict(behavior=strict(scaleDown=strict(
        stabilizationWindowSeconds={"type": "integer", "minimum": 0, "maximum": 3600},
        policies={"type": "array", "items": strict(
            ["type", "value", "periodSeconds"], type={"enum": ["Pods", "Percent"]},
            value={"type": "integer", "minimum": 1},
            periodSeconds={"type": "integer", "minimum": 1, "maximum": 1800})})))),
    triggers={"type": "array", "minItems": 1, "items": strict(
        ["type", "metadata"], type={"const": "kafka"}, metadata=KAFKA_TRIGGER,
        authenticationRef=strict(
            ["name"], name=TEXT, kind={"enum": ["TriggerAuthentication", "ClusterTriggerAuthentication"]}))}))

SERVICE_MONITOR = resource("monitoring.coreos.com/v1", "ServiceMonitor", strict(
    ["selector", "endpoints"], selector=strict(matchLabels=LABELS),
    endpoints={"type": "array", "minItems": 1, "items": strict(
        port=TEXT, interval=SPAN, scrapeTimeout=SPAN, path=TEXT, honorLabels={"type": "boolean"})}))

RULE = {
    "oneOf": [
        strict(["record", "expr"], record=TEXT, expr=TEXT, labels=LABELS),
        strict(["alert", "expr"], alert=TEXT, expr=TEXT, labels=LABELS, annotations=LABELS, **{"for": SPAN}),
    ]
}
PROMETHEUS_RULE = resource("monitoring.coreos.com/v1", "PrometheusRule", strict(
    ["groups"], groups={"type": "array", "items": strict(
        ["name", "rules"], name=TEXT, interval=SPAN, rules={"type": "array", "minItems": 1, "items": RULE})}))

EXTERNAL_SECRET = resource("external-secrets.io/v1", "ExternalSecret", strict(
    ["secretStoreRef"], refreshInterval=TEXT,
    secretStoreRef=strict(["name"], name=TEXT, kind={"enum": ["SecretStore", "ClusterSecretStore"]}),
    target=strict(name=TEXT, creationPolicy={"enum": ["Owner", "Orphan", "Merge", "None"]}),
    data={"type": "array", "items": strict(
        ["secretKey", "remoteRef"], secretKey={"type": "string", "pattern": "^[-._a-zA-Z0-9]+$"},
        remoteRef=strict(["key"], key=TEXT, property=TEXT, version=TEXT))}))

SCHEMAS = {
    "ScaledObject": SCALED_OBJECT, "ServiceMonitor": SERVICE_MONITOR, "PrometheusRule": PROMETHEUS_RULE,
    "ExternalSecret": EXTERNAL_SECRET,
}


def problems(document: dict) -> list[str]:
    validator = jsonschema.Draft202012Validator(SCHEMAS[document["kind"]])
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(document)]
