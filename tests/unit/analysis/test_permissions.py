"""What a subject may do as layers, against the whole evaluation of single requests."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest
from builds import build_of

from iamdsl import simulate
from iamdsl.analysis.asking import context_of
from iamdsl.analysis.permissions import permissions
from iamdsl.analysis.subjects import located, policies_for, subjects
from iamdsl.simulate import Request, decide, filled

if TYPE_CHECKING:
    from pathlib import Path

    from iamdsl.prove import Permissions

WORLD = """
let photos = s3:bucket("photos")
boundary narrow { allow s3:*, kms:Decrypt on *   allow sts:* on * }
role plain { trust account aws.account   allow s3:Get* on * }
role bounded { trust plain   boundary narrow   allow dynamodb:*, sts:* on *   deny s3:PutObject on * }
role keyed { trust bounded, service lambda   allow kms:*, s3:* on *   tags { team = "a" } }
role anything { trust account 222233334444   allow * on * }
user alice { boundary narrow   allow s3:List*, sts:AssumeRole on *   groups staff }
user bob { allow kms:Decrypt, sqs:SendMessage on * }
group staff { allow sqs:*, dynamodb:Get* on * }

policy photos-policy for photos {
  deny s3:DeleteObject to anyone except keyed, account aws.account on "{self}/*"
  deny s3:* to anyone on self, "{self}/*" when aws:SecureTransport == false
  allow s3:GetObject, s3:PutObject to alice, bounded on "{self}/in/*"
  allow s3:ListBucket to account aws.account on self
  allow s3:GetObject to anyone on "{self}/public/*"
  allow s3:PutObject to account aws.account on "{self}/by/*" when aws:PrincipalArn like arn:aws:iam::*:role/plain
}
policy open-key for arn:aws:kms:eu-west-1:111122223333:key/open { allow kms:* to account aws.account }
policy closed-key for arn:aws:kms:eu-west-1:111122223333:key/closed { allow kms:Decrypt to keyed, alice }
policy queue for sqs:queue("orders") { allow sqs:SendMessage to anyone on arn:aws:sqs:*:*:ord* when aws:PrincipalAccount == aws.account }

organization acme "o-abc1234567" {
  scp no-lists { deny s3:ListBucket on * unless aws:PrincipalTag/team == "a" }
  rcp secure { deny s3:PutObject on * when aws:PrincipalArn like arn:aws:iam::*:role/anything }
  ou work "ou-ab12-11111111" {
    attach no-lists
    account here 111122223333 { role inside { trust green.visitor   allow s3:* on * } }
    account green 222233334444 {
      attach secure
      role visitor { trust here.inside   allow sts:*, s3:*, kms:* on * }
      role stranger { trust account 111122223333   allow s3:GetObject on * }
      policy green-bucket for s3:bucket("green") {
        allow s3:GetObject to here.inside, keyed on "{self}/*"
        allow s3:PutObject to account 111122223333 on "{self}/*"
      }
    }
  }
}
"""
ACTIONS = """
s3:GetObject s3:PutObject s3:DeleteObject s3:ListBucket kms:Decrypt kms:Encrypt sqs:SendMessage
sqs:DeleteQueue dynamodb:GetItem sts:AssumeRole sts:TagSession iam:CreateUser
""".split()
RESOURCES = """
arn:aws:s3:::photos arn:aws:s3:::photos/in/1 arn:aws:s3:::photos/public/1 arn:aws:s3:::photos/by/1
arn:aws:s3:::photos/2 arn:aws:s3:::green/1 arn:aws:s3:::green
arn:aws:kms:eu-west-1:111122223333:key/open arn:aws:kms:eu-west-1:111122223333:key/closed
arn:aws:sqs:eu-west-1:111122223333:orders arn:aws:sqs:eu-west-1:111122223333:other
arn:aws:dynamodb:eu-west-1:111122223333:table/t
arn:aws:iam::111122223333:role/plain arn:aws:iam::111122223333:role/bounded
arn:aws:iam::111122223333:role/keyed arn:aws:iam::111122223333:role/anything
arn:aws:iam::111122223333:role/inside arn:aws:iam::222233334444:role/visitor
arn:aws:iam::222233334444:role/stranger
""".split()
CONTEXTS: tuple[dict[str, tuple[str, ...]], ...] = ({}, {"aws:securetransport": ("false",)})
SERVICES = {name: name for name in ("s3", "kms", "sqs", "dynamodb")} | {"iam": "sts"}
"""By the service of a resource, that of the actions which are asked of it."""


def allows(found: Permissions, request: Request) -> bool:
    effects = [simulate.effect(layer, request) for layer in found.layers]
    return all(effect == "Allow" for effect in effects)


def test_layers_say_what_the_whole_evaluation_says(tmp_path: Path) -> None:
    """Protects proofs about effective permissions: each layer, gate and grant is as AWS decides."""
    build, pseudo = build_of(tmp_path, WORLD)
    seen = {True: 0, False: 0}
    wrong = []
    for subject in subjects(build, pseudo):
        if subject.kind not in {"role", "user"} or subject.arn is None:
            continue
        found = permissions(subject, build, pseudo)
        for action, resource, more in product(ACTIONS, RESOURCES, CONTEXTS):
            if action.partition(":")[0] != SERVICES.get(resource.split(":")[2], ""):
                continue
            request = located(build, pseudo, Request(subject.arn, action, resource))
            context = context_of(request, subject, build, pseudo)
            request = filled(request._replace(context={**context, **more}))
            policies = policies_for(subject, request, build, pseudo)
            verdict = decide(request, policies).verdict == "allowed"
            seen[verdict] += 1
            if allows(found, request) != verdict:
                wrong.append((subject.place.name, subject.name, action, resource, verdict))
    assert not wrong
    assert min(seen.values()) > 100


@pytest.mark.parametrize("kind", ["managed", "scp"])
def test_a_policy_by_itself_is_one_layer(kind: str, tmp_path: Path) -> None:
    """Protects tests `of` a policy: it is held against what it says itself."""
    text = (
        "policy p { allow s3:GetObject on * }\nscp s { deny s3:* on * unless aws:SecureTransport }"
    )
    build, pseudo = build_of(tmp_path, text)
    from iamdsl.analysis.subjects import documents

    one = next(d for d in documents(build, pseudo) if d.kind == kind)
    assert permissions(one, build, pseudo).layers == (one.identity[0].policy.statements,)
