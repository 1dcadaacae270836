variable "name" {
  description = "The role's name."
  type        = string
}

variable "oidc_provider_arn" {
  description = "The cluster's OIDC provider in IAM."
  type        = string
}

variable "oidc_issuer" {
  description = "The cluster's issuer, without https://."
  type        = string
}

variable "namespace" {
  description = "The namespace of the service account."
  type        = string
}

variable "service_account" {
  description = "The one service account that may take the role."
  type        = string
}

variable "policy_arns" {
  description = "What the role may do, each under a name of its own."
  type        = map(string)
}

variable "tags" {
  description = "Tags of everything that is made."
  type        = map(string)
  default     = {}
}
