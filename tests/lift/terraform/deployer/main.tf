data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

locals {
  oidc_host = "token.actions.githubusercontent.com"
  repos     = ["infrastructure", "orders"]
  account   = data.aws_caller_identity.current.account_id
}

resource "aws_iam_openid_connect_provider" "github" {
  url            = "https://${local.oidc_host}"
  client_id_list = ["sts.amazonaws.com"]
}

data "aws_iam_policy_document" "github" {
  statement {
    sid     = "GitHub"
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = ["arn:aws:iam::${local.account}:oidc-provider/${local.oidc_host}"]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.oidc_host}:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringLike"
      variable = "${local.oidc_host}:sub"
      values   = ["repo:${var.github_org}/infrastructure:ref:refs/heads/main"]
    }
  }

  statement {
    sid     = "Tooling"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = [var.tooling_account_id]
    }
  }
}

resource "aws_iam_role" "deployer" {
  name                 = "deployer"
  description          = "What the pipeline of the main branch is"
  assume_role_policy   = data.aws_iam_policy_document.github.json
  max_session_duration = 7200
  permissions_boundary = aws_iam_policy.boundary.arn
}

resource "aws_iam_policy" "boundary" {
  name = "deployer-boundary"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = "*"
        Resource = "*"
      },
      {
        Effect   = "Deny"
        Action   = ["iam:DeletePolicy", "iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion"]
        Resource = "arn:aws:iam::${local.account}:policy/deployer-boundary"
      },
    ]
  })
}

# The role and its policy have one name, which AWS allows.
resource "aws_iam_policy" "deployer" {
  name   = "deployer"
  policy = data.aws_iam_policy_document.deployer.json
}

resource "aws_iam_role_policy_attachment" "deployer" {
  role       = aws_iam_role.deployer.name
  policy_arn = aws_iam_policy.deployer.arn
}

data "aws_iam_policy_document" "deployer" {
  statement {
    sid       = "State"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["arn:aws:s3:::${var.state_bucket}/${local.repos[0]}/*", "arn:aws:s3:::${var.state_bucket}/${local.repos[1]}/*"]
  }

  statement {
    sid       = "Roles"
    actions   = ["iam:CreateRole", "iam:PutRolePolicy"]
    resources = ["arn:aws:iam::${local.account}:role/team/*"]

    condition {
      test     = "StringEquals"
      variable = "iam:PermissionsBoundary"
      values   = [aws_iam_policy.boundary.arn]
    }
  }

  statement {
    sid       = "Logs"
    actions   = ["logs:CreateLogGroup"]
    resources = [format("arn:aws:logs:%s:%s:log-group:/team/*", data.aws_region.current.name, local.account)]
  }
}
