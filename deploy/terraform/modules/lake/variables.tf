variable "bucket" {
  description = "The bucket's name."
  type        = string
}

variable "prefix" {
  description = "Where the lake is in the bucket: 'lake' for s3://bucket/lake. No slash at the ends."
  type        = string
  default     = "lake"

  validation {
    condition     = can(regex("^[^/*?]+(/[^/*?]+)*$", var.prefix))
    error_message = "The prefix is one or more names with slashes between, without wildcards."
  }
}

variable "noncurrent_days" {
  description = "How long old versions of deleted objects stay. Erased events are gone from the bucket only after it."
  type        = number
  default     = 7
}

variable "delete_versions" {
  description = "Whether the maintainer may delete old versions at once: needed where Varve's configuration says 's3: {delete_versions: true}'."
  type        = bool
  default     = false
}

variable "abort_uploads_days" {
  description = "When the bucket aborts unfinished multipart uploads: a second net under 'varve vacuum' (uploads_after, 3 days)."
  type        = number
  default     = 7
}

variable "force_destroy" {
  description = "Whether 'terraform destroy' may delete a bucket with objects in it."
  type        = bool
  default     = false
}

variable "access_log_bucket" {
  description = "A bucket for access logs; none where empty."
  type        = string
  default     = ""
}

variable "tags" {
  description = "Tags of everything that is made."
  type        = map(string)
  default     = {}
}
