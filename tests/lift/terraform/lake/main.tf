variable "lake_bucket" {
  description = "The bucket of the data lake"
  type        = string
}

variable "distribution_arn" {
  type = string
}

resource "aws_s3_bucket" "lake" {
  bucket = var.lake_bucket
}

resource "aws_s3_bucket" "site" {
  bucket = "acme-site"
}

resource "aws_s3_bucket" "logs" {}

data "aws_iam_policy_document" "tls" {
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.lake.arn, "${aws_s3_bucket.lake.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = [false]
    }
  }
}

data "aws_iam_policy_document" "lake" {
  source_json = data.aws_iam_policy_document.tls.json

  statement {
    sid       = "Firehose"
    actions   = ["s3:PutObject"]
    resources = ["${aws_s3_bucket.lake.arn}/in/*"]

    principals {
      type        = "Service"
      identifiers = ["firehose.amazonaws.com"]
    }
  }

  statement {
    sid       = "Home"
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.lake.arn}/home/&{aws:PrincipalTag/team}/*"]

    principals {
      type        = "AWS"
      identifiers = ["222233334444", aws_iam_role.analyst.arn]
    }
  }
}

resource "aws_s3_bucket_policy" "lake" {
  bucket = aws_s3_bucket.lake.id
  policy = data.aws_iam_policy_document.lake.json
}

resource "aws_s3_bucket_policy" "site" {
  bucket = aws_s3_bucket.site.bucket
  policy = jsonencode({
    Version = "2012-10-17"
    Id      = "site"
    Statement = {
      Effect    = "Allow"
      Principal = { Service = "cloudfront.amazonaws.com" }
      Action    = "s3:GetObject"
      Resource  = join("/", [aws_s3_bucket.site.arn, "*"])
      Condition = { StringEquals = { "AWS:SourceArn" = var.distribution_arn } }
    }
  })
}

resource "aws_s3_bucket_policy" "logs" {
  bucket = aws_s3_bucket.logs.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = "s3:PutObject"
      Resource  = "${aws_s3_bucket.logs.arn}/*"
    }]
  })
}

resource "aws_iam_role" "analyst" {
  name               = "analyst"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = "222233334444" } }] })
}
