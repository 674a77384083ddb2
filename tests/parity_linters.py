"""The findings of parliament 1.6.4, of iam-policy-validator 1.31 and of cfn-lint, by their names."""

from __future__ import annotations

from parity import (
    ACCOUNT,
    BUCKET,
    BY_THE_COMPILER,
    GITHUB,
    GOOD,
    LONG,
    NAMES_A_TYPE,
    ORG,
    ROOT,
    SUB,
    WEB,
    Row,
    allow,
    deny,
    document,
    to,
    trust,
    when,
    without,
)

_ROLE = f"arn:aws:iam::{ACCOUNT}:role/web"
_SPLIT = "a policy that is too large is split; IAM301 says where it cannot be"

PARLIAMENT = (
    Row("MALFORMED_JSON", "IAM605", "{", GOOD, why=BY_THE_COMPILER),
    Row("MALFORMED", "IAM601", without(GOOD, "Effect"), GOOD, why=BY_THE_COMPILER),
    Row("DUPLICATE_SID", "IAM307", document(allow(Sid="A")["Statement"][0], deny(Sid="A")["Statement"][0]), allow(Sid="A"),
        "policy p { allow s3:GetObject on s3:object() as A  deny s3:PutObject on s3:object() as A }"),
    Row("RESOURCE_POLICY_PRIVILEGE_ESCALATION", "IAM832", allow("s3:PutBucketPolicy", "*"), GOOD,
        "policy p { allow s3:PutBucketPolicy on * }"),
    Row("UNKNOWN_PRINCIPAL", "IAM216", to({"AWS": "somebody"}), to(ROOT), target=BUCKET,
        source=f'policy p for {BUCKET} {{ allow s3:GetObject to "somebody" on "{{self}}/*" }}'),
    Row("UNKNOWN_FEDERATION_SOURCE", "IAM216", trust({"Federated": "example"}, WEB), trust({"Federated": "cognito-identity.amazonaws.com"}, WEB, Condition={"StringEquals": {"cognito-identity.amazonaws.com:aud": "eu-west-1:1234abcd-12ab-34cd-56ef-1234567890ab"}}), kind="trust", why=NAMES_A_TYPE),
    Row("MISMATCHED_TYPE", "IAM207", when(("StringEquals", "aws:SourceIp", "203.0.113.0/24")), when(("IpAddress", "aws:SourceIp", "203.0.113.0/24")),
        'policy p { allow s3:GetObject on s3:object() when aws:SourceIp == "203.0.113.0/24" }'),
    Row("MISMATCHED_TYPE_BUT_USABLE", "IAM207", when(("StringLike", "aws:SourceArn", f"arn:aws:sns:*:{ACCOUNT}:*")), when(("ArnLike", "aws:SourceArn", f"arn:aws:sns:*:{ACCOUNT}:*")),
        f'policy p {{ allow s3:GetObject on s3:object() when aws:SourceArn like "arn:aws:sns:*:{ACCOUNT}:*" }}'),
    Row("MISMATCHED_TYPE_OPERATION_TO_NULL", "IAM207", when(("Null", "aws:userid", "maybe")), when(("Null", "aws:TokenIssueTime", "false")), why=NAMES_A_TYPE),
    Row("UNKNOWN_ACTION", "IAM201", allow("s3:GetObjects"), GOOD, "policy p { allow s3:GetObjects on s3:object() }"),
    Row("UNKNOWN_PREFIX", "IAM202", allow("s4:GetObject"), GOOD, "policy p { allow s4:GetObject on s3:object() }"),
    Row("UNKNOWN_OPERATOR", "IAM601", when(("StringMatches", "aws:userid", "a")), when(("StringLike", "aws:userid", "a*")), why=BY_THE_COMPILER),
    Row("UNKNOWN_CONDITION_FOR_ACTION", "IAM802", allow("s3:GetObject", Condition={"StringEquals": {"s3:prefix": "a"}}), allow("s3:ListBucket", BUCKET, Condition={"StringEquals": {"s3:prefix": "a"}}),
        'policy p { allow s3:GetObject on s3:object() when s3:prefix == "a" }'),
    Row("BAD_PATTERN_FOR_MFA", "IAM215", deny("iam:*", "*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}}), deny("iam:*", "*", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}), why="`unless aws:MultiFactorAuthPresent` is `BoolIfExists`"),
    Row("INVALID_SID", "IAM307", allow(Sid="A b"), allow(Sid="Ab"), 'policy p { allow s3:GetObject on s3:object() as "A b" }'),
    Row("INVALID_ARN", "IAM214", allow(resource="arn:aws:s3:photos"), GOOD, "policy p { allow s3:GetObject on arn:aws:s3:photos }"),
    Row("NO_VERSION", "IAM809", {"Statement": GOOD["Statement"]}, GOOD, why=BY_THE_COMPILER),
    Row("INVALID_VERSION", "IAM601", {**GOOD, "Version": "2012-10-18"}, GOOD, why=BY_THE_COMPILER),
    Row("OLD_VERSION", "IAM809", {**GOOD, "Version": "2008-10-17"}, GOOD, why=BY_THE_COMPILER),
    Row("RESOURCE_MISMATCH", "IAM213", allow("s3:GetObject", BUCKET), GOOD, 'policy p { allow s3:GetObject on s3:bucket("photos") }'),
    Row("RESOURCE_STAR", "IAM843", allow("s3:PutObject", "*"), GOOD, "policy p { allow s3:PutObject on * }"),
    Row("RESOURCE_EFFECTIVELY_STAR", "IAM843", allow("s3:PutObject", "arn:aws:s3:::*"), GOOD, "policy p { allow s3:PutObject on arn:aws:s3:::* }"),
)  # fmt: skip

VALIDATOR = (
    Row("action_condition_enforcement", "IAM821", allow("iam:PassRole", "*"), allow("iam:PassRole", _ROLE), "policy p { allow iam:PassRole on * }"),
    Row("action_resource_matching", "IAM213", allow("s3:GetObject", BUCKET), GOOD, 'policy p { allow s3:GetObject on s3:bucket("photos") }'),
    Row("action_validation", "IAM201", allow("s3:GetObjects"), GOOD, "policy p { allow s3:GetObjects on s3:object() }"),
    Row("condition_key_validation", "IAM205", when(("StringEquals", "aws:PrincipalOrgIdent", "a")), GOOD, 'policy p { allow s3:GetObject on s3:object() when aws:PrincipalOrgIdent == "a" }'),
    Row("condition_type_mismatch", "IAM207", when(("NumericEquals", "aws:userid", "7")), GOOD, "policy p { allow s3:GetObject on s3:object() when aws:userid == 7 }"),
    Row("full_wildcard", "IAM824", allow("*", "*"), GOOD, "policy p { allow * on * }"),
    Row("ifexists_condition_usage", "IAM863", when(("StringLikeIfExists", "aws:userid", "*")), GOOD, 'policy p { allow s3:GetObject on s3:object() when aws:userid? like "*" }', own="IAM220"),
    Row("mfa_condition_antipattern", "IAM215", deny("iam:*", "*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}}), deny("iam:*", "*", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}), why="`unless aws:MultiFactorAuthPresent` is `BoolIfExists`"),
    Row("not_action_not_resource", "IAM823", document({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}), GOOD, "policy p { allow * except iam:* on * }"),
    Row("not_principal_validation", "IAM823", without(to(ROOT), "Principal", NotPrincipal=ROOT), to(ROOT), target=BUCKET, why="refused by the compiler (IAM306)"),
    Row("policy_size", "IAM301", allow(resource=LONG), GOOD, kind="policy", why=_SPLIT),
    Row("policy_structure", "IAM601", without(GOOD, "Effect"), GOOD, why=BY_THE_COMPILER),
    Row("policy_type_validation", "IAM306", allow(Principal="*"), GOOD, kind="policy", source="policy p { allow s3:GetObject to anyone on s3:object() }"),
    Row("principal_validation", "IAM216", to({"AWS": "somebody"}), to(ROOT), target=BUCKET, source=f'policy p for {BUCKET} {{ allow s3:GetObject to "somebody" on "{{self}}/*" }}'),
    Row("rcp_best_practices", "IAM833", document({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"StringNotEqualsIfExists": ORG["StringEquals"]}}), document({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"StringNotEqualsIfExists": ORG["StringEquals"], "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}}), kind="rcp", source='rcp p { deny s3:* on * when aws:PrincipalOrgID? != "o-a1b2c3d4e5" }'),
    Row("resource_validation", "IAM214", allow(resource="arn:aws:s3:photos"), GOOD, "policy p { allow s3:GetObject on arn:aws:s3:photos }"),
    Row("sensitive_action", "IAM820", allow("iam:AttachRolePolicy", "*"), GOOD, "policy p { allow iam:AttachRolePolicy on * }"),
    Row("service_wildcard", "IAM842", allow("s3:*"), GOOD, "policy p { allow s3:* on s3:object() }"),
    Row("set_operator_validation", "IAM209", when(("ForAllValues:StringEquals", "aws:userid", "a")), when(("StringEquals", "aws:userid", "a")), 'policy p { allow s3:GetObject on s3:object() when all aws:userid == "a" }'),
    Row("sid_uniqueness", "IAM307", document(allow(Sid="A")["Statement"][0], deny(Sid="A")["Statement"][0]), allow(Sid="A"), "policy p { allow s3:GetObject on s3:object() as A  deny s3:PutObject on s3:object() as A }"),
    Row("trust_policy_validation", "IAM216", trust(GITHUB, "sts:AssumeRole"), trust(GITHUB, WEB, Condition={"StringEquals": {SUB: "repo:acme/shop:pull_request"}}), kind="trust", source=f"role r {{ trust sts:AssumeRole to {GITHUB['Federated']} }}"),
    Row("wildcard_action", "IAM824", allow("*", "*"), GOOD, "policy p { allow * on * }"),
    Row("wildcard_resource", "IAM843", allow("s3:PutObject", "*"), GOOD, "policy p { allow s3:PutObject on * }"),
)  # fmt: skip

CFN_LINT = (
    Row("E3510 (identity policies)", "IAM601", without(GOOD, "Effect"), GOOD, why=BY_THE_COMPILER),
    Row("E3512 (resource policies)", "IAM306", document(*to(ROOT)["Statement"], *GOOD["Statement"]), to(ROOT), target=BUCKET, source=f'policy p for {BUCKET} {{ allow s3:GetObject on "{{self}}/*" }}', own="IAM014"),
    Row("E3513 (repository policies)", "IAM306", to(ROOT, "ecr:BatchGetImage", Resource="*"), without(to(ROOT, "ecr:BatchGetImage"), "Resource"), target=f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/shop", why="the compiler leaves `Resource` out"),
    Row("E3530 (trust policies)", "IAM306", trust(ROOT, Resource="*"), trust(ROOT), kind="trust", source=f"role r {{ trust account {ACCOUNT} on * }}"),
    Row("I3510 (actions and resources)", "IAM213", allow("s3:GetObject", BUCKET), GOOD, 'policy p { allow s3:GetObject on s3:bucket("photos") }'),
    Row("W3037 (actions)", "IAM201", allow("s3:GetObjects"), GOOD, "policy p { allow s3:GetObjects on s3:object() }"),
)  # fmt: skip
