output "values" {
  description = "What to put into the chart's values."
  value = {
    lake            = module.lake.url
    brokers         = aws_msk_cluster.kafka.bootstrap_brokers_sasl_iam
    writer_role     = module.writer.role_arn
    maintainer_role = module.maintainer.role_arn
    kms_key         = module.lake.kms_key_arn
  }
}
