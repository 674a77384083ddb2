"""The guardrails of the standard library beside AWS's published samples, by proof; and its guards.

`SAMPLES` says of each sample which uses of templates answer it, and how they differ: `same`, or who
denies more. What is said there is proved, with a request that shows each difference.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import pytest

import iamdsl
from iamdsl.iam import Statement, from_json
from iamdsl.prove import Permissions, equivalent, implies

if TYPE_CHECKING:
    from iamdsl.aws import Catalogue

HERE = Path(__file__).parent / "guardrail_samples"
MODULES = ("abac", "delegation", "encryption", "guardrails", "mfa", "perimeter", "regions")
HEAD = "".join(f"import std.{name}\n" for name in MODULES)

Way = Literal["same", "ours", "theirs", "both"]
"""Who denies more than the other: nobody, our template, AWS's sample, or each something."""


class Sample(NamedTuple):
    """One of AWS's samples, what answers it, and in what they differ.

    Attributes:
        name: the file, without its ending.
        kind: the declaration, such as `scp`.
        uses: calls of templates, `;` between them; `ADMIN` is the role that is exempt.
        way: who denies more.
        why: one reason for a difference; the template's comment says it too.
    """

    name: str
    kind: str
    uses: str
    way: Way = "same"
    why: str = ""


BOUND = 'whose = aws:PrincipalTag/dp:include:network == "true"'
NETWORK = 'networks = [203.0.113.0/24], vpcs = ["vpc-1"]'
FREE = 'spare = aws:PrincipalTag/dp:exclude:network == "true"'
ENDPOINT = (
    'perimeter.endpoint(org = "o-a1b2c3d4e5"); perimeter.endpoint_unbound(org = "o-a1b2c3d4e5", '
    'who = aws:PrincipalTag/dp:exclude:resource == "true")'
)
ALSO = f'{ENDPOINT}; perimeter.endpoint_also(org = "o-a1b2c3d4e5", '
BUCKETS = 'guardrails.protect_buckets(buckets = ["bucket-to-protect"])'
IDENTITY = 'spare = aws:PrincipalTag/dp:exclude:identity == "true"'
TAGGED = 'spare = aws:ResourceTag/dp:exclude:identity == "true"'
PARTNERS = "accounts = [222233334444, 333344445555, 444455556666, 555566667777]"

SAMPLES = [
    # The account
    Sample("scp-deny-the-root-user-from-performing-actions-except-s3-bucketpolicy-changes", "scp",
           "guardrails.no_root(allowed = [s3:[DeleteBucketPolicy, GetBucketPolicy, "
           "PutBucketPolicy]])"),
    Sample("scp-prevent-root-credentials-management-in-member-accounts-in-aws-organizations", "scp",
           "guardrails.no_root_password()"),
    Sample("scp-deny-member-accounts-from-leaving-your-aws-organization", "scp",
           "guardrails.no_leaving()", "ours", "accepting another organization's invitation"),
    Sample("scp-deny-billing-modification-action", "scp", "guardrails.protect_billing(ADMIN)",
           "ours", "the account's name and e-mail address, and all that writes"),
    # What watches
    Sample("scp-deny-modifications-to-specific-cloudtrail-trails", "scp",
           'guardrails.protect_trails(trail = "org", ADMIN)', "ours",
           "Insights, event configuration, tags, and every Region"),
    Sample("scp-deny-enabling-and-disabling-aws-config", "scp", "guardrails.protect_config(ADMIN)",
           "ours", "conformance packs, service-linked recorders, remediation exceptions"),
    Sample("scp-deny-users-from-disabling-amazon-guardduty-or-modifying-its-configuration", "scp",
           "guardrails.protect_guardduty(ADMIN)", "ours", "patterns, for what has come since"),
    Sample("scp-deny-deletion-or-disassociation-or-updation-to-aws-securityhub", "scp",
           "guardrails.protect_securityhub(ADMIN)", "ours",
           "rules that suppress findings, and single controls"),
    Sample("scp-protect-disabling-or-deleting-amazon-macie", "scp",
           "guardrails.protect_macie(ADMIN)", "ours", "filters and automated discovery"),
    Sample("scp-deny-deletion-of-aws-access-analyzer-and-findings-in-an-account", "scp",
           "guardrails.protect_access_analyzer()", "ours", "changing an analyzer"),
    Sample("scp-deny-account-instance-creation-for-aws-iam-identity-center", "scp",
           "guardrails.protect_identity_center()", "ours", "the other sample is in it"),
    Sample("scp-deny-saml-provider-changes-for-aws-iam-identity-center", "scp",
           "guardrails.protect_identity_center()", "ours", "the other sample is in it"),
    Sample("scp-deny-permission-sets-for-aws-iam-identity-center", "scp",
           "guardrails.no_permission_sets()"),
    Sample("scp-deny-users-from-disabling-or-altering-cloudwatch", "scp",
           'guardrails.protect_alarms(alarms = ["alarm"], dashboards = ["dashboard"], ADMIN)',
           "both", "tags and every Region; the sample asks for each action on both resources"),
    Sample("scp-deny-deletion-of-specific-cloudwatch-log-groups-and-streams", "scp",
           'guardrails.protect_logs(groups = ["group"], ADMIN)', "ours",
           "all streams, the key, data protection and deletion protection"),
    Sample("scp-deny-users-from-deleting-amazon-vpc-flow-logs", "scp",
           "guardrails.protect_flow_logs()"),
    # Identities
    Sample("scp-deny-modifications-to-specific-iam-roles", "scp",
           'guardrails.protect_roles(roles = ["platform-*", "deploy"], ADMIN)', "theirs",
           "assuming is a template of its own"),
    Sample("scp-deny-modifications-to-specific-iam-roles", "scp",
           'guardrails.protect_roles(roles = ["platform-*", "deploy"], ADMIN); '
           'guardrails.no_assuming(roles = ["platform-*", "deploy"], ADMIN)', "ours",
           "passing the role to a service"),
    Sample("scp-restrict-deletion-and-modification-of-privileged-policies", "scp",
           'guardrails.protect_policies(policies = ["privileged/*"], ADMIN)'),
    Sample("scp-deny-critical-iam-user-actions", "scp", "guardrails.no_users(ADMIN)", "both",
           "other credentials, and no tag is trusted; taking a password away is free"),
    Sample("scp-deny-creating-any-service-specific-credentials", "scp",
           "guardrails.no_access_keys()", "ours", "access keys, and resetting"),
    Sample("scp-deny-unwarranted-iam-federations-creation-modification", "scp",
           "guardrails.no_federation_changes(ADMIN)", "ours", "audiences, tags, Roles Anywhere"),
    Sample("perimeter-restrict-idp-configurations-scp", "scp",
           "guardrails.no_federation_changes()", "ours",
           "exemptions are by ARN, and no tag is trusted"),
    Sample("scp-deny-aws-cli-login-using-console-credentials", "scp",
           "guardrails.no_cli_login(ADMIN)"),
    # Machines and networks
    Sample("scp-require-amazon-ec2-instances-to-use-a-specific-type", "scp",
           'guardrails.instance_types(types = ["t2.micro", "t3.micro"])', "ours",
           "spot requests of the old kind, which tell no type"),
    Sample("scp-prevent-creating-or-expanding-public-connectivity-for-vpcs", "scp",
           "guardrails.no_public_networks(ADMIN)", "ours",
           "what blocks public access to VPCs, carrier gateways, patterns"),
    Sample("scp-deny-amazon-virtual-private-network-connection-creation-modification-deletion",
           "scp", "guardrails.no_vpn(ADMIN)", "ours", "actions that have come since"),
    Sample("scp-deny-creation-of-default-vpc-and-subnet", "scp", "guardrails.no_default_vpc()"),
    Sample("scp-deny-key-actions-on-route53-dns-hosted-zones", "scp",
           "guardrails.protect_domains()", "ours", "the transfer lock, deletion, DNSSEC"),
    # Nothing public
    Sample("rcp-s3-prevent-s3-buckets-from-being-made-public-bucket-level", "rcp",
           "guardrails.no_public_buckets()", "ours", "the account, access points, ACLs"),
    Sample("rcp-s3-deny-users-from-modifying-s3-block-public-access-account-level", "rcp",
           "guardrails.no_public_buckets(ADMIN)", "ours", "buckets, access points, ACLs"),
    Sample("scp-deny-users-from-disabling-block-public-access-on-amis", "scp",
           "guardrails.no_public_images()", "ours", "snapshots"),
    Sample("scp-deny-modification-to-lambda-url-config", "scp",
           "guardrails.no_public_functions()", "ours",
           "the sample's resource is of no function's form"),
    Sample("scp-deny-modification-to-ssm-service-settings", "scp",
           "guardrails.protect_ssm_settings()", "ours",
           "without `exempt` nobody is; the sample exempts one from the second setting"),
    Sample("scp-deny-ram-from-sharing-resources-to-external-accounts", "scp",
           "guardrails.no_ram_outside()", "ours", "shares that allow others already"),
    # What has been made
    Sample("scp-deny-kms-key-deletion", "scp", "guardrails.protect_keys(ADMIN)"),
    Sample("rcp-kms-deny-the-accidental-or-intentional-deletion-of-a-kms-key-and-only-allow-"
           "specific-roles-to-delete-kms-keys", "rcp", "guardrails.protect_keys(ADMIN)"),
    Sample("scp-enforce-30-days-for-kms-deletion", "scp", "guardrails.key_deletion_window()"),
    Sample("scp-deny-users-from-deleting-amazon-s3-buckets-or-objects", "scp", BUCKETS, "ours",
           "policies, lifecycles, versioning, retention"),
    Sample("rcp-s3-deny-users-from-deleting-amazon-s3-buckets-or-objects", "rcp", BUCKETS, "ours",
           "policies, lifecycles, versioning, retention"),
    Sample("scp-deny-aws-backup-deletion-and-changes-to-configuration", "scp",
           "guardrails.protect_backups()", "ours", "a vault's lock, team and sharing"),
    Sample("scp-deny-users-from-deleting-amazon-glacier-vaults-or-archives", "scp",
           "guardrails.protect_archives()"),
    Sample("scp-deny-modifications-to-specific-aws-cloudformation-resources", "scp",
           'guardrails.protect_stacks(stacks = ["landing-*"], ADMIN)', "both",
           "rolling back, imports, tags; detecting drift is free, and making a stack set has no "
           "resource"),
    Sample("scp-deny-modifications-to-specific-amazon-lambda-functions", "scp",
           'guardrails.protect_functions(functions = ["landing"], ADMIN)', "both",
           "newer actions; event source mappings are found by their key"),
    Sample("scp-deny-modifications-to-specific-sns-topics", "scp",
           'guardrails.protect_topics(topics = ["security"], ADMIN)', "ours",
           "data protection and tags"),
    # What costs
    Sample("scp-deny-unwanted-cancellation-or-changes-to-aws-marketplace-product-subscription",
           "scp", "guardrails.no_marketplace(ADMIN)", "both",
           "agreements; an action that is no more"),
    Sample("scp-deny-bedrock-api-keys", "scp", "guardrails.no_bedrock_keys()", "ours",
           "resetting a key, and the second service"),
    Sample("scp-deny-bedrock-model-invocation-except-approved-models", "scp",
           'guardrails.bedrock_models(models = ["anthropic.*"])', "theirs",
           "profiles and models of the account are free"),
    # Encryption
    Sample("rcp-restrict-access-to-only-https-connections-to-your-resources", "rcp",
           "encryption.tls()", "theirs", "AWS's services are left alone"),
    Sample("rcp-s3-enforce-tls-version", "rcp", "encryption.tls_version()", "theirs",
           "AWS's services are left alone"),
    Sample("rcp-s3-deny-sse-c", "rcp", "encryption.no_customer_keys()", "both",
           "replication; AWS's services are left alone"),
    Sample("rcp-s3-prevent-long-term-presigned-url", "rcp",
           "encryption.fresh_signatures(milliseconds = 600000)", "theirs",
           "AWS's services are left alone"),
    Sample("scp-prevent-amazon-s3-unencrypted-object-uploads", "scp", "encryption.objects()"),
    Sample("scp-deny-acl-disablement-for-all-new-buckets", "scp", "encryption.owned_buckets()"),
    Sample("rcp-s3-deny-acl-disablement-for-all-new-buckets-bucket-owner-enforced", "rcp",
           "encryption.owned_buckets()"),
    Sample("scp-deny-disabling-default-ebs-encryption", "scp", "encryption.volumes(ADMIN)", "ours",
           "volumes that go round it"),
    Sample("rcp-kms-require-an-aws-key-management-service-key-policy-limiting-creation-of-aws-kms-"
           "grants-to-aws-services", "rcp", "encryption.grants_for_services()"),
    Sample("rcp-kms-require-that-an-aws-kms-key-is-configured-with-the-bypass-policy-lockout-"
           "safety-check-enabled", "rcp", "encryption.no_locked_keys()"),
    Sample("rcp-kms-deny-aws-key-management-service-asymmetric-key-with-rsa-key-material-used-for-"
           "encryption-with-key-length-of-2048-bits", "rcp", "encryption.no_short_keys()"),
    # Regions
    Sample("scp-deny-access-to-aws-based-on-the-requested-aws-region", "scp",
           'regions.only(regions = ["eu-central-1", "eu-west-1"], ADMIN)', "both",
           "the list is Control Tower's"),
    Sample("scp-deny-access-to-aws-based-on-the-requested-aws-region-with-bedrock-cris", "scp",
           'regions.only_with_inference(regions = ["eu-central-1", "eu-west-1"], '
           'profiles = ["eu.*"], ADMIN)', "both", "the list is Control Tower's"),
    Sample("scp-deny-account-region-enable-and-disable-actions", "scp",
           "regions.no_switching(ADMIN)"),
    # Perimeter
    Sample("perimeter-identity-perimeter-rcp", "rcp",
           f'perimeter.identity(org = "o-a1b2c3d4e5", {PARTNERS}, {TAGGED}); perimeter.deputies('
           f'org = "o-a1b2c3d4e5", accounts = [444455556666, 555566667777], {TAGGED}); '
           'perimeter.token_issuers(issuers = ["oidc.example.com", "gitlab.com"]); '
           f'perimeter.token_subjects(issuer = "oidc.example.com", subjects = ["tenant"], {TAGGED})'),
    Sample("rcp-enforce-controls-on-aws-services-that-use-service-principals-to-access-your-"
           "resources", "rcp",
           'perimeter.deputies(org = "o-a1b2c3d4e5", accounts = [444455556666])'),
    Sample("rcp-github-actions", "rcp",
           'perimeter.token_subjects(issuer = "token.actions.githubusercontent.com", '
           'subjects = ["repo:acme/*"])'),
    Sample("rcp-deny-built-in-web-identity-providers", "rcp", "perimeter.no_public_providers()"),
    Sample("perimeter-default-endpoint-policy", "endpoint", ENDPOINT),
    Sample("perimeter-cloudformation-endpoint-policy", "endpoint",
           f"{ALSO}actions = [cloudformation:CreateChangeSet], "
           "targets = [arn:aws:cloudformation:eu-west-1:aws:transform/*])"),
    Sample("perimeter-ec2-endpoint-policy", "endpoint",
           f"{ALSO}actions = [ec2:[CreateReplaceRootVolumeTask, CreateTags, DeleteTags, "
           "GetManagedPrefixListEntries, RunInstances]], "
           "targets = [arn:aws:ec2:*::image/*, arn:aws:ec2:*:aws:prefix-list/*])"),
    Sample("perimeter-iam-endpoint-policy", "endpoint",
           f"{ALSO}actions = [*], targets = [arn:aws:iam::aws:policy/*])"),
    Sample("perimeter-ssm-endpoint-policy", "endpoint",
           f"{ALSO}actions = [ssm:[CreateAssociation, Describe*, Get*, List*, SendCommand, "
           "StartAutomationExecution, StartChangeRequestExecution, StartSession]], "
           "targets = [arn:aws:ssm:eu-west-1::parameter/aws/*, arn:aws:ssm:eu-west-1::document/*, "
           "arn:aws:ssm:*::automation-definition/*])"),
    Sample("perimeter-resource-perimeter-scp", "scp",
           'perimeter.resources(org = "o-a1b2c3d4e5", '
           'spare = aws:PrincipalTag/dp:exclude:resource == "true")', "both",
           "buckets of single Regions and services are left to `also`, and for what is left out "
           "there are no statements of their own"),
    Sample("perimeter-data-perimeter-governance-scp", "scp",
           f"guardrails.no_ram_outside(); perimeter.no_sharing({IDENTITY}); "
           "encryption.grants_for_services(); perimeter.no_links("
           'spare = aws:PrincipalTag/dp:exclude:resource == "true"); '
           "guardrails.no_public_functions(); perimeter.protect_tags("
           'tags = ["team"], patterns = ["dp:*"], spare = aws:PrincipalTag/team == "admin")', "ours",
           "`std.guardrails` and `std.encryption` trust no tag, and `Team` is `team`"),
    Sample("perimeter-network-perimeter-sourcevpc-scp", "scp",
           f"perimeter.network({NETWORK}, {BOUND}, {FREE}); REGIONS"),
    Sample("perimeter-network-perimeter-iam-users-scp", "scp",
           f"perimeter.network({NETWORK}, whose = aws:PrincipalArn like arn:aws:iam::*:user/*); "
           "REGIONS", "theirs", "Outposts' buckets are in the list of what says no network"),
    Sample("perimeter-network-perimeter-ec2-scp", "scp",
           f"perimeter.network({NETWORK}, whose = ec2:SourceInstanceARN exists, {FREE}); REGIONS",
           "theirs", "Outposts' buckets are in the list of what says no network"),
    Sample("perimeter-network-perimeter-sourcevpc-rcp", "rcp",
           f"perimeter.network_rcp({NETWORK}, {BOUND}, {PARTNERS}, spare = any(["
           'aws:PrincipalTag/dp:exclude:network == "true", '
           'aws:ResourceTag/dp:exclude:network == "true"])); REGIONS'),
    Sample("perimeter-network-perimeter-vpceorgid-rcp", "rcp",
           f'perimeter.org_network(org = "o-a1b2c3d4e5", networks = [203.0.113.0/24], {BOUND}, '
           "accounts = [222233334444, 333344445555], endpoints = [444455556666, 555566667777], "
           'spare = any([aws:PrincipalTag/dp:exclude:network == "true", '
           'aws:ResourceTag/dp:exclude:network == "true"]))'),
    Sample("perimeter-network-perimeter-vpceorgid-scp", "scp",
           f'perimeter.org_network(org = "o-a1b2c3d4e5", networks = [203.0.113.0/24], {BOUND}, '
           "services = perimeter.org_services, endpoints = [444455556666, 555566667777], "
           f"{FREE})", "theirs",
           "AWS's services are left alone, which no service control policy binds anyway"),
    Sample("perimeter-restrict-presignedurl-scp", "scp", f"perimeter.no_presigned_urls({FREE})"),
    Sample("perimeter-restrict-resource-policy-configurations-scp", "scp",
           f"perimeter.no_resource_policies({IDENTITY})", "ours",
           "trails, catalogues, streams, web functions, mail identities"),
    Sample("perimeter-data-perimeter-governance-rcp", "rcp",
           'perimeter.protect_session_tags(tags = ["team"], patterns = ["dp:*"], '
           'org = "o-a1b2c3d4e5", spare = aws:PrincipalTag/team == "admin")', "both",
           "AWS's services are left alone; `Team` is `team`"),
]  # fmt: skip

ADMIN = "exempt = [arn:aws:iam::*:role/admin]"
REGIONS = (
    'perimeter.vpc_regions(vpcs = ["vpc-here"], region = "eu-west-1"{0}); '
    'perimeter.vpc_regions(vpcs = ["vpc-here"], region = "eu-west-2"{0})'
)
FILLED = {
    r"arn:aws:iam::(\$\{Account\}|\*):role/\[PRIVILEGED_ROLE\]": "arn:aws:iam::*:role/admin",
    r"\$\{Account\}": "111122223333",
    r"\$\{Region\}|<region>": "eu-west-1",
    r"\[CLOUDTRAIL_NAME\]": "org",
    r"\[DASHBOARD_NAME\]": "dashboard",
    r"\[ALARM_NAME\]": "alarm",
    r"\[LOG_GROUP_NAME\]": "group",
    r"\[LOG_GROUP_STREAM\]": "stream",
    r"\[PROTECTED_ROLE_PREFIX\]": "platform-",
    r"\[PROTECTED_ROLE_NAME\]": "deploy",
    r"\[PRIVILEGED_POLICY_PATH/\*\]": "privileged/*",
    r"\[BUCKET_TO_PROTECT\]": "bucket-to-protect",
    r"stackset/\[STACKSET_PREFIX\]\*": "stackset/landing-*:*",
    r"stack/\[STACK_PREFIX\]\*": "stack/landing-*/*",
    r"\[STACK_NAME\]": "landing-x/*",
    r"\[INFRASTRUCTURE_AUTOMATION_PREFIX\]": "landing",
    r"\[SNS_TOPIC_TO_PROTECT\]": "security",
    r"\[MAX_SIGNATURE_AGE_IN_MILLISECONDS\]": "600000",
    r"<unique-identifier>\.\*": "anthropic.*",
    r"<model-identifier>": "none",
    r"\{example-region-1\}": "eu-central-1",
    r"\{example-region-2\}": "eu-west-1",
    r"\{example-inference-profile-geographic-prefix\}": "eu.*",
    r"<(unique-identifier|product-identifier)>": "x",
    r"<service-account-id>": "666677778888",
    r"<third-party-resource>": "arn:aws:s3:::third-party/*",
    r"<my-org-id>": "o-a1b2c3d4e5",
    r"<load-balancing-account-id>": "222233334444",
    r"<fin-space-account-id>": "333344445555",
    r"<third-party-account-a>": "444455556666",
    r"<third-party-account-b>": "555566667777",
    r"<OIDC_provider_name_1>": "oidc.example.com",
    r"<OIDC_provider_name_2>": "gitlab.com",
    r"<my-tenant-value>": "tenant",
    r"<octo-org>": "acme",
    r"<my-corporate-cidr>": "203.0.113.0/24",
    r"<my-vpc>": "vpc-1",
    r"<my-vpc-in-this-region>": "vpc-here",
    r"<my-vpc-region>": "eu-west-1",
    r"<my-vpc-region-2>": "eu-west-2",
}
"""What stands in the placeholders of the samples."""
RCP_ACTIONS = (
    ", actions = [aoss:*, cognito-idp:*, dynamodb:*, logs:*, secretsmanager:*, sts:[AssumeRole, "
    "DecodeAuthorizationMessage, GetAccessKeyInfo, GetFederationToken, GetServiceBearerToken, "
    "GetSessionToken, SetContext]]"
)
EVERYTHING = from_json(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
).statements


def compiled(source: str) -> iamdsl.Result:
    """Return what a source of one file comes to."""
    return iamdsl.compile(source, account="111122223333", partition="aws", region="eu-west-1")


def sample(name: str) -> tuple[Statement, ...]:
    """Return the statements of a sample, with its placeholders filled in."""
    text = (HERE / f"{name}.json").read_text(encoding="utf-8")
    for placeholder, value in FILLED.items():
        text = re.sub(placeholder, value, text)
    assert not re.search(r"<|\[[A-Z_]+[]/]|\{\w", text), "a placeholder without a value"
    document: dict[str, Any] = json.loads(text)
    return tuple(from_json(document).statements)


def declaration(number: int, one: Sample) -> str:
    """Return the source of what answers a sample."""
    uses = one.uses.replace("ADMIN", ADMIN)
    uses = uses.replace("REGIONS", REGIONS.format(RCP_ACTIONS if one.kind == "rcp" else ""))
    if one.name == "perimeter-network-perimeter-ec2-scp" or "iam-users" in one.name:
        uses = uses[: uses.rindex(";")]  # they name one Region
    body = " ".join(f"use {call}" for call in uses.split("; "))
    if one.kind == "endpoint":
        return f'policy p{number} for ec2:vpc-endpoint("vpce-{number}") {{ {body} }}'
    return f"{one.kind} p{number} {{ {body} }}"


@cache
def answers() -> dict[int, tuple[Statement, ...]]:
    """Return the statements of all that answers the samples, compiled at once."""
    source = HEAD + "\n".join(declaration(n, one) for n, one in enumerate(SAMPLES))
    made = compiled(source)
    assert made.ok, str(made)
    found = {}
    for path, text in made.files.items():
        if match := re.fullmatch(r"(?:scps|rcps|resources)/p(\d+)\.json", path):
            found[int(match[1])] = tuple(from_json(json.loads(text)).statements)
    return found


def allowed(kind: str, statements: tuple[Statement, ...]) -> Permissions:
    """Return what is left where a sample or its answer is attached."""
    return Permissions((statements if kind == "endpoint" else (*EVERYTHING, *statements),))


@pytest.mark.parametrize("number", range(len(SAMPLES)), ids=[one.name[:60] for one in SAMPLES])
def test_a_template_and_its_sample(number: int, catalogue: Catalogue) -> None:
    """What denies more is as the table says, and where both differ there is a reason."""
    one = SAMPLES[number]
    ours, theirs = answers()[number], sample(one.name)
    if one.way == "same":
        assert equivalent(ours, theirs, catalogue), equivalent(ours, theirs, catalogue)
        return
    assert one.why
    left, right = allowed(one.kind, ours), allowed(one.kind, theirs)
    within, around = implies(left, right, catalogue), implies(right, left, catalogue)
    verdicts = {"ours": ("yes", "no"), "theirs": ("no", "yes"), "both": ("no", "no")}
    assert (within.verdict, around.verdict) == verdicts[one.way], (within, around)
    assert all(answer.witness for answer in (within, around) if answer.verdict == "no")


# Guards

GUARDS = {
    "guardrails.prove_no_leaving()": [
        "organizations:LeaveOrganization on *",
        "organizations:AcceptHandshake on *",
    ],
    "guardrails.prove_trails_stay()": [
        "cloudtrail:StopLogging on *",
        "cloudtrail:PutEventConfiguration on *",
    ],
    "guardrails.prove_detectives_stay()": [
        "config:PutConfigurationRecorder on *",
        "guardduty:DeleteDetector on *",
        "guardduty:UpdateDetector on *",
        "inspector2:Disable on *",
        "macie2:UpdateMacieSession on *",
        "securityhub:BatchDisableStandards on *",
    ],
    "guardrails.prove_no_users()": ["iam:CreateUser on *"],
    "guardrails.prove_no_access_keys()": [
        "iam:CreateAccessKey on *",
        "iam:ResetServiceSpecificCredential on *",
    ],
    "guardrails.prove_no_new_providers()": [
        "iam:CreateSAMLProvider on *",
        "rolesanywhere:EnableTrustAnchor on *",
        "sso:CreateInstance on *",
    ],
    "guardrails.prove_buckets_stay_private()": ["s3:PutBucketPublicAccessBlock on *"],
    "guardrails.prove_keys_stay()": ["kms:ScheduleKeyDeletion on *"],
    "encryption.prove_volumes_stay_encrypted()": ["ec2:DisableEbsEncryptionByDefault on *"],
    "encryption.prove_keys_stay_open()": ["kms:PutKeyPolicy on *"],
    "delegation.prove_no_escalation()": [
        "iam:PutRolePolicy on *",
        "iam:RemoveUserFromGroup on *",
        "iam:UploadSSHPublicKey on *",
        "iam:UpdateSigningCertificate on *",
        "sso:PutInlinePolicyToPermissionSet on *",
        "sso:DetachManagedPolicyFromPermissionSet on *",
        "identitystore:CreateGroupMembership on *",
    ],
    "delegation.prove_no_boundary_removed()": [
        "iam:DeleteRolePermissionsBoundary on *",
        "sso:DeletePermissionsBoundaryFromPermissionSet on *",
    ],
    'delegation.prove_boundary_stays(boundary = iam:policy("limit"), managed = ["team/*"])': [
        "iam:CreateRole on *",
        'iam:CreateRole on * when iam:PermissionsBoundary? == iam:policy("limit")',
        'iam:UpdateAssumeRolePolicy on iam:role("team/*")',
        "iam:PutGroupPolicy on *",
        "iam:AddUserToGroup on *",
        "sso:DeletePermissionsBoundaryFromPermissionSet on *",
        "iam:CreateAccessKey on *",
        'iam:CreatePolicyVersion on iam:policy("other")',
        'iam:DeletePolicy on iam:policy("limit")',
    ],
    'delegation.prove_passes_only(path = "team/")': [
        "iam:PassRole on *",
        'iam:PassRole on iam:role("team*")',
    ],
    'abac.prove_tags_stay(tags = ["team"])': [
        "iam:TagRole on *",
        "iam:UntagUser on *",
        'iam:TagRole on * when all aws:TagKeys in ["TEAM"] and aws:TagKeys exists',
    ],
    'regions.prove_region_only(regions = ["eu-west-1"])': [
        "sqs:SendMessage on *",
        'sqs:SendMessage on * when aws:RequestedRegion? == "eu-west-1"',
    ],
    "regions.prove_no_switching()": ["account:EnableRegion on *"],
    "mfa.prove_mfa_for(actions = [s3:DeleteBucket])": [
        "s3:DeleteBucket on *",
        "s3:DeleteBucket on * when aws:MultiFactorAuthPresent? == true",
    ],
}
"""Each guard, with what roles may do that break it, one at a time."""
KEPT = """
role app {
  trust service lambda
  allow sqs:SendMessage on sqs:queue("a") when aws:RequestedRegion == "eu-west-1"
  allow iam:PassRole on iam:role("team/app")
  allow s3:DeleteBucket on s3:bucket("a") when aws:MultiFactorAuthPresent and aws:RequestedRegion == "eu-west-1"
  allow iam:[CreateRole, UpdateAssumeRolePolicy]
    on iam:role("team/*")
    when iam:PermissionsBoundary == iam:policy("limit")
  allow iam:CreatePolicyVersion on iam:policy("team/app")
  allow iam:TagRole on iam:role("team/*") when all aws:TagKeys == "Name" and aws:TagKeys exists
}
"""


GUARD_HEAD = "".join(f"import std.{name}\n" for name in MODULES if name != "perimeter")


def written(use: str) -> str:
    """Return the name of a guard as errors have it."""
    return use.split("(", maxsplit=1)[0].partition("prove_")[2].replace("_", "-")


@cache
def broken() -> frozenset[tuple[str, str]]:
    """Return which role breaks which guard, of a project with all guards and a role for each way."""
    lines = [f"use {use}" for use in GUARDS]
    lines += [
        f"role r{n}-{k} {{ trust service lambda allow {allowed} }}"
        for n, ways in enumerate(GUARDS.values())
        for k, allowed in enumerate(ways)
    ]
    said = str(compiled("\n".join((GUARD_HEAD, *lines)))).split("error[")
    role, guard = re.compile(r"the role `([\w-]+)` may"), re.compile(r"guard `([\w-]+)` forbids")
    return frozenset(
        (who[1], what[1])
        for one in said
        if (who := role.search(one)) and (what := guard.search(one))
    )


@pytest.mark.parametrize("number", range(len(GUARDS)), ids=[written(use) for use in GUARDS])
def test_a_guard_is_broken(number: int) -> None:
    """A role that may do what a guard forbids is an error, which names both."""
    use, ways = list(GUARDS.items())[number]
    found = {
        int(who.partition("-")[2])
        for who, what in broken()
        if what == written(use) and who.startswith(f"r{number}-")
    }
    assert found == set(range(len(ways)))


def test_guards_are_kept() -> None:
    """A role that keeps all guards is built."""
    uses = "\n".join(f"use {use}" for use in GUARDS if "no_escalation" not in use)
    made = compiled(f"{GUARD_HEAD}{uses}\n{KEPT}")
    assert made.ok, str(made)


def test_each_guard_is_listed() -> None:
    """Every guard of the modules is among those that are tested here."""
    folder = Path(__file__).parent.parent / "stdlib"
    found = {
        f"{name}.{guard}"
        for name in (*MODULES, "people")
        for guard in re.findall(r"template (prove_\w+)", (folder / f"{name}.iam").read_text())
    }
    assert found == {use.split("(")[0] for use in GUARDS}
