# Every way to make a document: the provider's own results are compared with ours.

locals {
  base = ["s3:Get*", "s3:List*"]
  all  = concat(local.base, ["s3:PutObject"])
  json = { Sid = "FromLocal", Effect = "Allow", Action = local.base, Resource = ["*"] }
}

data "aws_iam_policy_document" "base" {
  policy_id = "base"

  statement {
    sid       = "Read"
    actions   = local.all
    resources = ["arn:aws:s3:::lake/&{aws:username}/*", "arn:aws:s3:::lake", "arn:aws:s3:::$${aws:username}"]

    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalTag/team"
      values   = ["orders"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalTag/team"
      values   = ["billing", "&{aws:PrincipalTag/other}"]
    }

    condition {
      test     = "NumericLessThan"
      variable = "aws:MultiFactorAuthAge"
      values   = [3600]
    }
  }

  statement {
    effect        = "Deny"
    not_actions   = ["iam:*"]
    not_resources = ["arn:aws:s3:::lake/*"]

    not_principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::111122223333:root"]
    }
  }

  statement {
    sid       = "Who"
    actions   = ["sqs:SendMessage"]
    resources = []

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    principals {
      type        = "Service"
      identifiers = ["sns.amazonaws.com", "events.amazonaws.com"]
    }

    principals {
      type        = "Service"
      identifiers = ["s3.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "layers" {
  source_policy_documents = [
    data.aws_iam_policy_document.base.json,
    jsonencode({ Version = "2012-10-17", Statement = [local.json] }),
  ]

  statement {
    sid       = "Who"
    actions   = ["sns:Publish"]
    resources = ["*"]
  }

  statement {
    actions   = ["ec2:DescribeInstances"]
    resources = ["*"]
  }

  override_policy_documents = [
    <<-EOT
      {
        "Version": "2012-10-17",
        "Id": "last",
        "Statement": [
          {"Sid": "Read", "Effect": "Deny", "Action": "s3:*", "Resource": "${join("", ["arn:aws:s3:::", lower("LAKE")])}"},
          {"Sid": "New", "Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
        ]
      }
    EOT
    ,
    data.aws_iam_policy_document.empty_sids.json,
  ]
}

data "aws_iam_policy_document" "empty_sids" {
  statement {
    sid       = ""
    actions   = ["ec2:DescribeVpcs"]
    resources = ["*"]
  }

  statement {
    actions   = ["ec2:DescribeSubnets"]
    resources = ["*"]
  }
}

data "aws_iam_policy_document" "own_wins" {
  version                 = "2012-10-17"
  source_policy_documents = [data.aws_iam_policy_document.base.json]

  statement {
    sid       = "Read"
    actions   = ["s3:ListBucket"]
    resources = ["arn:aws:s3:::lake"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }
}
