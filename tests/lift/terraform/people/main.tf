resource "aws_iam_group" "developers" {
  name = "developers"
  path = "/people/"
}

resource "aws_iam_group" "auditors" {
  name = "auditors"
}

resource "aws_iam_user" "alice" {
  name = "alice"
  tags = {
    team          = "orders"
    "cost center" = "42"
  }
}

resource "aws_iam_user" "bob" {
  name                 = "bob"
  permissions_boundary = "arn:aws:iam::aws:policy/PowerUserAccess"
}

resource "aws_iam_user_group_membership" "alice" {
  user   = aws_iam_user.alice.name
  groups = [aws_iam_group.developers.name, aws_iam_group.auditors.name]
}

resource "aws_iam_group_membership" "auditors" {
  name  = "auditors"
  group = aws_iam_group.auditors.name
  users = [aws_iam_user.bob.name, "carol"]
}

resource "aws_iam_policy_attachment" "audit" {
  name       = "audit"
  groups     = [aws_iam_group.auditors.name]
  users      = [aws_iam_user.alice.name]
  policy_arn = "arn:aws:iam::aws:policy/SecurityAudit"
}

resource "aws_iam_group_policy" "mfa" {
  name  = "need-mfa"
  group = aws_iam_group.developers.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = "", Effect = "Deny", NotAction = "iam:*MFADevice", Resource = "*", Condition = { BoolIfExists = { "aws:MultiFactorAuthPresent" = false } } }]
  })
}

resource "aws_iam_user_policy" "own" {
  user   = "carol"
  name   = "own-keys"
  policy = <<-POLICY
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:*AccessKey*", "Resource": "arn:aws:iam::*:user/$${aws:username}"}]}
  POLICY
}

resource "aws_iam_account_password_policy" "strict" {
  minimum_password_length = 20
}
