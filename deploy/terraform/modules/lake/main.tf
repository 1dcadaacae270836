# The bucket of a lake, its key, and what each of the three roles may do with it.

data "aws_caller_identity" "current" {}

locals {
  policy_values = {
    bucket_arn      = aws_s3_bucket.lake.arn
    prefix          = var.prefix
    kms_arn         = aws_kms_key.lake.arn
    delete_versions = var.delete_versions
  }
  roles = toset(["writer", "maintainer", "reader"])
}

resource "aws_kms_key" "lake" {
  description             = "Objects of the lake s3://${var.bucket}/${var.prefix}"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = jsonencode(local.key_policy)
  tags                    = var.tags
}

locals {
  # The account decides by IAM policies who uses the key; nobody outside it.
  key_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "TheAccountDecides"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.current.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      }
    ]
  }
}

resource "aws_kms_alias" "lake" {
  name          = "alias/${replace(var.bucket, ".", "-")}"
  target_key_id = aws_kms_key.lake.key_id
}

resource "aws_s3_bucket" "lake" {
  bucket        = var.bucket
  force_destroy = var.force_destroy
  tags          = var.tags
}

resource "aws_s3_bucket_ownership_controls" "lake" {
  bucket = aws_s3_bucket.lake.id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "lake" {
  bucket                  = aws_s3_bucket.lake.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "lake" {
  bucket = aws_s3_bucket.lake.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "lake" {
  bucket = aws_s3_bucket.lake.id
  rule {
    # One data key for many objects: a hundredth of the requests to KMS.
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.lake.arn
    }
  }
}

# No expiry of live objects here: 'varve lifecycle' does that, and tells the catalog.
resource "aws_s3_bucket_lifecycle_configuration" "lake" {
  bucket     = aws_s3_bucket.lake.id
  depends_on = [aws_s3_bucket_versioning.lake]

  rule {
    id     = "abort-unfinished-uploads"
    status = "Enabled"
    filter {}
    abort_incomplete_multipart_upload {
      days_after_initiation = var.abort_uploads_days
    }
  }

  rule {
    id     = "expire-old-versions"
    status = "Enabled"
    filter {}
    noncurrent_version_expiration {
      noncurrent_days = var.noncurrent_days
    }
    expiration {
      expired_object_delete_marker = true
    }
  }
}

resource "aws_s3_bucket_logging" "lake" {
  count         = var.access_log_bucket == "" ? 0 : 1
  bucket        = aws_s3_bucket.lake.id
  target_bucket = var.access_log_bucket
  target_prefix = "${var.bucket}/"
}

resource "aws_s3_bucket_policy" "lake" {
  bucket     = aws_s3_bucket.lake.id
  policy     = templatefile("${path.module}/policies/bucket.json.tftpl", local.policy_values)
  depends_on = [aws_s3_bucket_public_access_block.lake]
}

resource "aws_iam_policy" "role" {
  for_each    = local.roles
  name        = "${var.bucket}-${replace(var.prefix, "/", "-")}-${each.key}"
  description = "What a ${each.key} of s3://${var.bucket}/${var.prefix} may do"
  policy      = templatefile("${path.module}/policies/${each.key}.json.tftpl", local.policy_values)
  tags        = var.tags
}
