# What a published module looks like: nothing of it is known before Terraform has computed it.

variable "create" {
  type    = bool
  default = true
}

variable "policy_arns" {
  type    = list(string)
  default = []
}

variable "boundary" {
  type    = string
  default = null
}

variable "buckets" {
  type = list(string)
}

variable "statements" {
  type    = any
  default = []
}

module "vpc" {
  source = "terraform-aws-modules/vpc/aws"
}

resource "aws_iam_role" "counted" {
  count              = var.create ? 1 : 0
  name               = "counted"
  assume_role_policy = "{}"
}

resource "aws_iam_role" "app" {
  name                 = "app-${terraform.workspace}"
  assume_role_policy   = file("trust.json")
  permissions_boundary = var.boundary
  managed_policy_arns  = var.policy_arns
  tags                 = merge(var.tags, { team = "orders" })
}

data "aws_iam_policy_document" "app" {
  dynamic "statement" {
    for_each = var.statements
    content {
      actions   = statement.value.actions
      resources = statement.value.resources
    }
  }
}

resource "aws_iam_policy" "app" {
  name   = "app"
  policy = data.aws_iam_policy_document.app.json
}

resource "aws_iam_policy" "lists" {
  name = "lists"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "s3:GetObject", Resource = [for b in var.buckets : "${b}/*"] },
      { Effect = "Allow", Action = "s3:GetObject", Resource = var.create ? "*" : "arn:aws:s3:::a" },
    ]
  })
}

resource "aws_iam_policy" "rendered" {
  name   = "rendered"
  policy = templatefile("policy.json.tpl", { bucket = "a" })
}
