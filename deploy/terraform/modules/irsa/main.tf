# A role for one service account of one cluster (IRSA); annotate the account with eks.amazonaws.com/role-arn.

resource "aws_iam_role" "role" {
  name = var.name
  tags = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Federated = var.oidc_provider_arn }
        Action    = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "${var.oidc_issuer}:sub" = "system:serviceaccount:${var.namespace}:${var.service_account}"
            "${var.oidc_issuer}:aud" = "sts.amazonaws.com"
          }
        }
      }
    ]
  })
}

resource "aws_iam_role_policy_attachment" "policy" {
  for_each   = var.policy_arns
  role       = aws_iam_role.role.name
  policy_arn = each.value
}
