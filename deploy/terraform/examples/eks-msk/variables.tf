variable "bucket" {
  description = "The lake's bucket."
  type        = string
}

variable "cluster" {
  description = "The EKS cluster that Varve runs in."
  type        = string
}

variable "namespace" {
  description = "Its namespace."
  type        = string
  default     = "varve"
}

variable "vpc_id" {
  description = "The network of the cluster and of Kafka."
  type        = string
}

variable "subnet_ids" {
  description = "One private subnet for each of three zones."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) == 3
    error_message = "Kafka gets three brokers in three zones."
  }
}

variable "topics" {
  description = "What Varve may read: topic names, with * where a name goes on."
  type        = list(string)
  default     = ["orders"]
}

variable "group" {
  description = "The consumer group of the configuration."
  type        = string
  default     = "varve"
}
