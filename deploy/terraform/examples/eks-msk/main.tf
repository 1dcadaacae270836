# A lake, a Kafka cluster (Amazon MSK with IAM authentication) and the roles of writer and maintainer in an EKS cluster.

data "aws_eks_cluster" "cluster" {
  name = var.cluster
}

data "aws_iam_openid_connect_provider" "cluster" {
  url = data.aws_eks_cluster.cluster.identity[0].oidc[0].issuer
}

locals {
  issuer       = replace(data.aws_eks_cluster.cluster.identity[0].oidc[0].issuer, "https://", "")
  node_network = data.aws_eks_cluster.cluster.vpc_config[0].cluster_security_group_id
}

module "lake" {
  source = "../../modules/lake"
  bucket = var.bucket
}

module "writer" {
  source            = "../../modules/irsa"
  name              = "${var.bucket}-writer"
  oidc_provider_arn = data.aws_iam_openid_connect_provider.cluster.arn
  oidc_issuer       = local.issuer
  namespace         = var.namespace
  service_account   = "lake-varve"
  policy_arns = {
    lake  = module.lake.policy_arns["writer"]
    kafka = aws_iam_policy.kafka.arn
  }
}

module "maintainer" {
  source            = "../../modules/irsa"
  name              = "${var.bucket}-maintainer"
  oidc_provider_arn = data.aws_iam_openid_connect_provider.cluster.arn
  oidc_issuer       = local.issuer
  namespace         = var.namespace
  service_account   = "lake-varve-maintainer"
  policy_arns       = { lake = module.lake.policy_arns["maintainer"] }
}

resource "aws_security_group" "kafka" {
  name        = "${var.bucket}-kafka"
  description = "Brokers, reached from the nodes of ${var.cluster}"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "kafka" {
  security_group_id            = aws_security_group.kafka.id
  referenced_security_group_id = local.node_network
  description                  = "SASL with IAM over TLS"
  ip_protocol                  = "tcp"
  from_port                    = 9098
  to_port                      = 9098
}

resource "aws_kms_key" "kafka" {
  description         = "Kafka's disks"
  enable_key_rotation = true
}

resource "aws_cloudwatch_log_group" "kafka" {
  name              = "/msk/${var.bucket}"
  retention_in_days = 30
}

resource "aws_msk_configuration" "kafka" {
  name           = "${var.bucket}-kafka"
  kafka_versions = ["3.7.x"]

  # Varve needs nothing special; these keep acknowledged events when a broker is lost.
  server_properties = <<-EOT
    auto.create.topics.enable=false
    default.replication.factor=3
    min.insync.replicas=2
    unclean.leader.election.enable=false
    log.retention.hours=168
  EOT
}

resource "aws_msk_cluster" "kafka" {
  cluster_name           = "${var.bucket}-kafka"
  kafka_version          = "3.7.x"
  number_of_broker_nodes = 3

  broker_node_group_info {
    instance_type   = "kafka.m7g.large"
    client_subnets  = var.subnet_ids
    security_groups = [aws_security_group.kafka.id]

    storage_info {
      ebs_storage_info {
        volume_size = 500
      }
    }
  }

  configuration_info {
    arn      = aws_msk_configuration.kafka.arn
    revision = aws_msk_configuration.kafka.latest_revision
  }

  client_authentication {
    sasl {
      iam = true
    }
  }

  encryption_info {
    encryption_at_rest_kms_key_arn = aws_kms_key.kafka.arn
    encryption_in_transit {
      client_broker = "TLS"
      in_cluster    = true
    }
  }

  open_monitoring {
    prometheus {
      jmx_exporter {
        enabled_in_broker = true
      }
      node_exporter {
        enabled_in_broker = true
      }
    }
  }

  logging_info {
    broker_logs {
      cloudwatch_logs {
        enabled   = true
        log_group = aws_cloudwatch_log_group.kafka.name
      }
    }
  }
}

locals {
  # arn:aws:kafka:region:account:cluster/name/uuid; topics and groups have the same, with another word for "cluster".
  topic_arn = replace(aws_msk_cluster.kafka.arn, ":cluster/", ":topic/")
  group_arn = replace(aws_msk_cluster.kafka.arn, ":cluster/", ":group/")
}

resource "aws_iam_policy" "kafka" {
  name        = "${var.bucket}-kafka-reader"
  description = "What a writer of the lake may do with Kafka: read its topics and be in its group"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Connect"
        Effect   = "Allow"
        Action   = ["kafka-cluster:Connect"]
        Resource = [aws_msk_cluster.kafka.arn]
      },
      {
        Sid      = "ReadTopics"
        Effect   = "Allow"
        Action   = ["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"]
        Resource = [for topic in var.topics : "${local.topic_arn}/${topic}"]
      },
      {
        Sid      = "BeInTheGroup"
        Effect   = "Allow"
        Action   = ["kafka-cluster:DescribeGroup", "kafka-cluster:AlterGroup"]
        Resource = ["${local.group_arn}/${var.group}"]
      }
    ]
  })
}
