"""What the shipped catalogue answers, checked against AWS's own pages by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from iamdsl.aws import Catalogue, CatalogueError
from iamdsl.aws.container import encode
from iamdsl.aws.keys import fill, provider_claim, split_template
from iamdsl.aws.principals import KNOWN, service_principal, suggest_service_principal

if TYPE_CHECKING:
    from iamdsl.aws.container import Content


def opened(data: bytes) -> Catalogue:
    return Catalogue(lambda at, length: data[at : at + length])


# actions


def test_names_are_found_in_any_case_and_come_out_as_aws_spells_them(catalogue: Catalogue) -> None:
    """IAM ignores case, so a source may; output must not vary with it."""
    assert catalogue.canonical("S3:getobject") == "s3:GetObject"
    assert catalogue.canonical("s3:PutBucketCors") == "s3:PutBucketCORS"
    assert catalogue.has_action("DynamoDB:QUERY")
    assert catalogue.names("S3")["getobject"] == "GetObject"


@pytest.mark.parametrize(
    "name", ["s3:ListObjects", "s4:GetObject", "GetObject", "s3:", ":", "s3:*"]
)
def test_what_is_no_action_is_none(catalogue: Catalogue, name: str) -> None:
    """A typo must never pass for an action."""
    assert catalogue.action(name) is None
    assert not catalogue.has_action(name)


def test_an_action_has_all_that_aws_lists(catalogue: Catalogue) -> None:
    """The checks of resources, keys and dependents rest on these fields."""
    action = catalogue.action("iam:passrole")

    assert action is not None
    assert action.name == "iam:PassRole"
    assert action.level == "write"
    assert [(r.type, r.required) for r in action.resources] == [("role", True)]
    assert "iam:PassedToService" in action.own_condition_keys
    assert action.permission_only


def test_condition_keys_include_those_of_the_resource_types(catalogue: Catalogue) -> None:
    """A key that hangs on a type alone can be tested by a statement on that type."""
    action = catalogue.action("s3:GetObject")

    assert action is not None
    assert "s3:ExistingObjectTag/<key>" in action.own_condition_keys
    assert "s3:BucketTag/${TagKey}" not in action.own_condition_keys
    assert "s3:BucketTag/${TagKey}" in action.condition_keys


def test_dependent_actions_of_before_july_2026_are_kept(catalogue: Catalogue) -> None:
    """AWS took them off its pages; a catalogue without them would silently hint nothing."""
    action = catalogue.action("lambda:CreateFunction")

    assert action is not None
    assert "iam:PassRole" in action.dependents


@pytest.mark.parametrize(
    ("action", "level"),
    [
        ("s3:GetObject", "read"),
        ("s3:ListBucket", "list"),
        ("s3:PutObject", "write"),
        ("s3:PutBucketPolicy", "permissions"),
        ("ec2:CreateTags", "tagging"),
        ("iam:CreateRole", "write"),
    ],
)
def test_one_level_decides_of_several(catalogue: Catalogue, action: str, level: str) -> None:
    """`@write` must not give away what changes permissions, though AWS marks that as write too."""
    assert catalogue.level(action) == level


def test_an_action_of_two_levels_has_both(catalogue: Catalogue) -> None:
    """Nothing that AWS says of an action is lost by classing it."""
    action = catalogue.action("s3:PutBucketPolicy")

    assert action is not None
    assert action.levels == ("permissions", "write")


def test_level_and_type_select_actions(catalogue: Catalogue) -> None:
    """`s3:@list on bucket` is what lists a bucket, not what lists the account."""
    everywhere = catalogue.at_level("s3", "list")
    of_bucket = catalogue.at_level("S3", "list", ["bucket"])

    assert "s3:ListAllMyBuckets" in everywhere
    assert "s3:ListBucket" in of_bucket
    assert "s3:ListAllMyBuckets" not in of_bucket


def test_descriptions_are_aws_sentences(catalogue: Catalogue) -> None:
    """Hover and `iamdsl actions --details` show them."""
    assert (
        catalogue.description("s3:getobject")
        == "Grants permission to retrieve objects from Amazon S3"
    )
    assert catalogue.description("s3:Nothing") == ""
    assert "prefix" in catalogue.key_description("S3:PREFIX")


# patterns


def test_patterns_match_as_iam_matches(catalogue: Catalogue) -> None:
    """What a wildcard covers decides what shrinking and proofs say."""
    assert catalogue.match("s3:GetObject") == ("s3:GetObject",)
    assert catalogue.match("s3:getobject?cl") == ("s3:GetObjectAcl",)
    assert "s3:GetObjectAcl" in catalogue.match("S3:Get*Acl")
    assert set(catalogue.match("*:GetObject")) >= {"s3:GetObject", "mediastore:GetObject"}
    assert catalogue.match("s3:*Lifecycle*Conf*") == (
        "s3:GetLifecycleConfiguration",
        "s3:PutLifecycleConfiguration",
    )


def test_a_star_alone_is_every_action(catalogue: Catalogue) -> None:
    """`*` has no colon, and still means all."""
    assert len(catalogue.match("*")) == catalogue.counts["actions"]
    assert catalogue.match("*") == catalogue.match("*:*")


@pytest.mark.parametrize(
    "pattern", ["s3:Gte*", "s3", "s3:GetObject ", "x?:*", "ec2:* ", "s3:[GP]*"]
)
def test_a_pattern_can_match_nothing(catalogue: Catalogue, pattern: str) -> None:
    """A pattern is no regular expression and no shell glob: only `*` and `?` are special."""
    assert catalogue.match(pattern) == ()
    assert not catalogue.matches_any(pattern)


# retired


def test_retired_actions_have_the_day_they_were_last_seen(catalogue: Catalogue) -> None:
    """A retired action is a warning, an unknown one an error."""
    assert catalogue.retired("CodeStar:createproject") == "2026-08-21"
    assert catalogue.retired("codestar:*") == "2026-08-21"
    assert catalogue.retired_service("codestar") == "2026-08-21"
    assert catalogue.retired("s3:GetObject") is None
    assert catalogue.retired("s3:Nothing") is None
    assert catalogue.retired_service("s3") is None
    assert catalogue.retired_service("nothing") is None


def test_actions_that_only_aws_policies_name_are_apart(catalogue: Catalogue) -> None:
    """They may exist: a pattern can match one, and a name of one is no slip of the author's."""
    assert catalogue.named("Payments")["getpaymentattempt"] == "GetPaymentAttempt"
    assert catalogue.named("builderid")["listinvitations"] == "ListInvitations"
    assert catalogue.named("s3") == {}
    assert not catalogue.has_action("payments:GetPaymentAttempt")
    assert "payments:GetPaymentAttempt" not in catalogue.match("payments:Get*")


def test_what_is_listed_or_retired_is_not_named_besides(
    catalogue: Catalogue, shipped: Content
) -> None:
    """An action that AWS's policies name is in one of three places, and never in two."""
    assert len(shipped["named"]) == catalogue.counts["named_only_by_policies"]
    for action in shipped["named"]:
        assert not catalogue.has_action(action)
        assert catalogue.retired(action) is None
    assert "listtasks" in catalogue.retired_names("SecurityAgent")
    assert "listtasks" not in catalogue.named("securityagent")
    assert catalogue.retired_names("s3x") == {}


# resource types


def test_resource_types_match_without_case_and_with_hyphens(catalogue: Catalogue) -> None:
    """Builders are written `lambda:function-alias`, AWS's table says `function alias`."""
    alias = catalogue.resource_type("Lambda", "Function-Alias")

    assert alias is not None
    assert (alias.name, alias.word) == ("function alias", "function-alias")
    assert alias.formats[0].placeholders == ("FunctionName", "Alias")
    assert catalogue.resource_type("lambda", "lambda") is None
    assert catalogue.resource_type("nothing", "x") is None


def test_a_bucket_has_neither_region_nor_account(catalogue: Catalogue) -> None:
    """The fields say which overrides of a builder have a place to go."""
    bucket = catalogue.resource_type("s3", "bucket")

    assert bucket is not None
    assert bucket.formats[0].fields == ("arn", "${Partition}", "s3", "", "", "${BucketName}")


def test_types_with_two_formats_keep_both(catalogue: Catalogue) -> None:
    """AWS joins two ARN formats by a comma; one of them alone would refuse half the ARNs."""
    bot = catalogue.resource_type("lex", "bot")

    assert bot is not None
    assert [f.fields[5] for f in bot.formats] == ["bot/${BotId}", "bot:${BotName}"]


# condition keys


@pytest.mark.parametrize(
    ("asked", "name", "kind"),
    [
        ("AWS:sourceip", "aws:SourceIp", "IPAddress"),
        ("aws:requesttag/Team", "aws:RequestTag/Team", "String"),
        ("aws:RequestTag/a/b:c d", "aws:RequestTag/a/b:c d", "String"),
        ("aws:tagkeys", "aws:TagKeys", "ArrayOfString"),
        ("aws:MultiFactorAuthAge", "aws:MultiFactorAuthAge", "Numeric"),
        ("aws:sourcevpcarn", "aws:SourceVpcArn", "ARN"),
        ("s3:existingobjecttag/Class", "s3:ExistingObjectTag/Class", "String"),
        ("kms:encryptioncontext:Purpose", "kms:EncryptionContext:Purpose", "String"),
        ("ssm:resourceTag/x", "ssm:resourceTag/x", "String"),
        ("codebuild:fileSystemLocations/x.type", "codebuild:fileSystemLocations/x.type", "String"),
        ("SAML:aud", "saml:aud", "String"),
        ("saml:CN", "saml:cn", "ArrayOfString"),
        ("iam:DelegationDuration", "iam:DelegationDuration", "Numeric"),
        ("sts:ExternalID", "sts:ExternalId", "String"),
        (
            "token.actions.githubusercontent.com:sub",
            "token.actions.githubusercontent.com:sub",
            "String",
        ),
        (
            "token.actions.githubusercontent.com/acme:Repository_Owner_ID",
            "token.actions.githubusercontent.com/acme:repository_owner_id",
            "String",
        ),
        ("token.actions.acme.ghe.com:ref", "token.actions.acme.ghe.com:ref", "String"),
        ("gitlab.com:user_login", "gitlab.com:user_login", "String"),
        (
            "cognito-identity.amazonaws.com:amr",
            "cognito-identity.amazonaws.com:amr",
            "ArrayOfString",
        ),
        (
            "oidc.eks.eu-west-1.amazonaws.com/id/AB:sub",
            "oidc.eks.eu-west-1.amazonaws.com/id/AB:sub",
            "String",
        ),
        ("credentials-iot:thingname", "credentials-iot:ThingName", "String"),
        ("transfer:HomeDirectory", "transfer:HomeDirectory", "String"),
    ],
)
def test_condition_keys_have_aws_spelling_and_type(
    catalogue: Catalogue, asked: str, name: str, kind: str
) -> None:
    """Key names ignore case; the part that the author chose is kept as written."""
    key = catalogue.condition_key(asked)

    assert key is not None
    assert (key.name, key.type) == (name, kind)


@pytest.mark.parametrize(
    "name",
    [
        "aws:RequestTag/",
        "aws:RequestTag",
        "aws:Nothing",
        "nothing:x",
        "transfer:HomeFile",
        "aws",
        "",
        "a.b:claim",
        ":sub",
        "sub",
    ],
)
def test_unknown_condition_keys_are_none(catalogue: Catalogue, name: str) -> None:
    """A key that no request carries makes a condition that never holds, or always."""
    assert catalogue.condition_key(name) is None


def test_keys_say_what_conditions_need_to_know(catalogue: Catalogue) -> None:
    """Set operators, missing keys and wildcards are judged by these."""
    tag_keys = catalogue.condition_key("aws:TagKeys")
    transport = catalogue.condition_key("aws:SecureTransport")
    organization = catalogue.condition_key("aws:PrincipalOrgID")
    prefix = catalogue.condition_key("s3:prefix")
    assert tag_keys
    assert transport
    assert organization
    assert prefix

    assert (tag_keys.multivalued, tag_keys.value_type) == (True, "String")
    assert (transport.always, transport.multivalued) == (True, False)
    assert (organization.always, organization.exact_only) == (False, True)
    assert (organization.is_global, prefix.is_global) == (True, False)


def test_the_many_valued_global_keys_are_the_seven_of_aws_page(catalogue: Catalogue) -> None:
    """A wrong one would ask for a set operator that AWS ignores or warns of."""
    many = {
        name
        for name in catalogue.global_keys()
        for key in [catalogue.condition_key(name)]
        if key and key.multivalued
    }

    assert many == {
        "aws:CalledVia",
        "aws:PrincipalOrgPaths",
        "aws:PrincipalServiceNamesList",
        "aws:ResourceOrgPaths",
        "aws:SourceOrgPaths",
        "aws:TagKeys",
        "aws:VpceOrgPaths",
    }


def test_every_key_of_every_action_is_found_by_its_name(
    catalogue: Catalogue, shipped: Content
) -> None:
    """No key that AWS lists may be called unknown."""
    unknown = {
        key
        for service in shipped["services"].values()
        for key in service["keys"]
        if catalogue.condition_key(key) is None
    }

    assert unknown == set()


def test_templates_are_split_and_filled() -> None:
    """Both of AWS's notations stand for a part to choose, and that part is never empty."""
    assert split_template("a/${X}.b/<k>") == ("a/", ".b/", "")
    assert fill("a/${X}.b/<k>", "A/one.B/two") == "a/one.b/two"
    assert fill("a/${X}.b/<k>", "a/.b/two") is None
    assert fill("a/${X}", "a/") is None
    assert provider_claim("localhost:sub") is None
    assert provider_claim("Idp.example:8443/x:AUD") == ("Idp.example:8443/x:aud", "String")


# managed policies and principals


def test_managed_policies_are_found_with_and_without_path(catalogue: Catalogue) -> None:
    """An ARN needs the path, which nobody remembers."""
    role = "service-role/AWSLambdaBasicExecutionRole"

    assert catalogue.managed_policy("AWSLambdaBasicExecutionRole") == role
    assert catalogue.managed_policy(role) == role
    assert catalogue.managed_policy("job-function/ViewOnlyAccess") == "job-function/ViewOnlyAccess"
    assert catalogue.managed_policy("wrong/AWSLambdaBasicExecutionRole") is None
    assert catalogue.managed_policy("Nothing") is None
    assert catalogue.managed_policy("") is None


@pytest.mark.parametrize(
    ("name", "partition", "region", "principal"),
    [
        ("lambda", "aws", "", "lambda.amazonaws.com"),
        ("pods.eks", "aws", "", "pods.eks.amazonaws.com"),
        ("delivery.logs", "aws-us-gov", "", "delivery.logs.amazonaws.com"),
        ("lambda.amazonaws.com", "aws-cn", "", "lambda.amazonaws.com"),
        ("ec2", "aws-cn", "", "ec2.amazonaws.com"),
        ("elasticmapreduce", "aws-cn", "", "elasticmapreduce.amazonaws.com.cn"),
        ("elasticmapreduce", "aws", "", "elasticmapreduce.amazonaws.com"),
        ("logs", "aws-cn", "cn-north-1", "logs.cn-north-1.amazonaws.com.cn"),
        ("logs", "aws-cn", "", "logs.amazonaws.com"),
        ("config", "aws-iso", "", "config.c2s.ic.gov"),
        ("dms", "aws-iso-b", "", "dms.sc2s.sgov.gov"),
    ],
)
def test_service_principals_end_as_their_partition_wants(
    name: str, partition: str, region: str, principal: str
) -> None:
    """A wrong ending makes a role that no service can assume."""
    assert service_principal(name, partition, region) == principal


def test_slips_in_service_principals_are_noticed() -> None:
    """The list is for suggestions: a name that is not in it may still be a service."""
    assert suggest_service_principal("lamdba") == ("lambda",)
    assert suggest_service_principal("lambda.amazonaws.com") == ()
    assert "ecs-tasks" in KNOWN


# the file


def test_what_is_no_catalogue_is_refused(small: Content) -> None:
    """A wrong or broken file must be named, not half read."""
    data = encode(small)

    for bad in (b"", b"{}", data[:20], data[:200], b"IAMCAT 2" + data[8:], b"IAMCAT 1 x y"):
        with pytest.raises(CatalogueError):
            opened(bad).version  # noqa: B018
    with pytest.raises(CatalogueError):
        opened(data[:-200]).managed_policies()


def test_a_small_catalogue_is_read_as_it_was_written(small: Content) -> None:
    """Reader and writer agree on every field, foreign keys among them."""
    catalogue = opened(encode(small))

    assert catalogue.services() == ("box", "key")
    assert catalogue.supports_rcp("box")
    assert not catalogue.supports_rcp("key")
    assert catalogue.match("*:*o*") == ("box:ListBoxes", "box:OpenBox")
    assert catalogue.description("key:Turn") == "Turns it"
    assert catalogue.level("key:Turn") == "permissions"
    assert catalogue.named("SHELF") == {"putup": "PutUp"}
    assert catalogue.retired_names("old") == {"thing": "Thing"}
    key = catalogue.condition_key("LOCK.example:lid")
    assert key is not None
    assert (key.name, key.multivalued) == ("lock.example:Lid", True)
