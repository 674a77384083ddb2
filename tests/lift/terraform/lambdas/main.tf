locals {
  functions = {
    thumbnails = "photos"
    invoices   = "billing"
  }
  lambda_trust = {
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  }
}

resource "aws_sqs_queue" "jobs" {
  name = "jobs"
}

resource "aws_iam_role" "function" {
  for_each = local.functions

  name               = "lambda-${each.key}"
  path               = "/service/"
  assume_role_policy = jsonencode(local.lambda_trust)

  tags = {
    team = each.value
  }
}

resource "aws_iam_role_policy" "function" {
  for_each = local.functions

  name = "own"
  role = aws_iam_role.function[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Objects"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = "arn:aws:s3:::acme-${each.value}/*"
      },
      {
        Effect   = "Allow"
        Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
        Resource = aws_sqs_queue.jobs.arn
      },
    ]
  })
}

resource "aws_iam_role_policy_attachment" "basic" {
  for_each = aws_iam_role.function

  role       = each.value.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}

resource "aws_iam_role" "scheduler" {
  count = 1

  name = "scheduler"

  assume_role_policy = <<EOF
{
  "Version": "2012-10-17",
  "Statement": {
    "Effect": "Allow",
    "Principal": {"Service": "scheduler.amazonaws.com"},
    "Action": "sts:AssumeRole"
  }
}
EOF

  inline_policy {
    name   = "invoke"
    policy = data.aws_iam_policy_document.invoke.json
  }
}

data "aws_iam_policy_document" "invoke" {
  statement {
    actions   = ["lambda:InvokeFunction"]
    resources = ["arn:aws:lambda:eu-west-1:111122223333:function:$${aws:PrincipalTag/team}-*"]
  }

  statement {
    actions   = ["iam:PassRole"]
    resources = [aws_iam_role.function["thumbnails"].arn]
  }
}

resource "aws_lambda_permission" "bucket" {
  statement_id  = "bucket"
  action        = "lambda:InvokeFunction"
  function_name = "thumbnails"
  principal     = "s3.amazonaws.com"
}
