output "url" {
  description = "The 'lake' of a configuration."
  value       = "s3://${aws_s3_bucket.lake.id}/${var.prefix}"
}

output "bucket_arn" {
  description = "The bucket."
  value       = aws_s3_bucket.lake.arn
}

output "kms_key_arn" {
  description = "The key that objects are encrypted with."
  value       = aws_kms_key.lake.arn
}

output "policy_arns" {
  description = "The policy of each role: writer, maintainer, reader."
  value       = { for role, policy in aws_iam_policy.role : role => policy.arn }
}
