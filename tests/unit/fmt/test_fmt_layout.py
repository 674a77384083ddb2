"""The layout, construct by construct: what is typed, and how it is left.

Blocks are separated by `----`, and in each a source by `=>` from what it becomes. A source without
one is left as it is. All of them go through every promise of formatting.
"""

from __future__ import annotations

import formatting
import pytest

TOP = r"""
import   std.lambda
import "./a.json"  as a :List [ { id:AccountId , n : Int=1, } ]
param env:"dev"|"prod"="dev"
extern lake : s3:bucket   max 63
let x=1
=>
import std.lambda
import "./a.json" as a: List[{ id: AccountId, n: Int = 1 }]

param env: "dev" | "prod" = "dev"
extern lake: s3:bucket max 63
let x = 1
----
let a = 1



let b = 2
let c = 3
=>
let a = 1

let b = 2
let c = 3
----
import "./services.json" as services: List[{ name: String, tables: List[String], queue: String, bucket: String = "" }]
import std.mfa
use x()
=>
import "./services.json" as services: List[{
  name: String,
  tables: List[String],
  queue: String,
  bucket: String = "",
}]
import std.mfa

use x()
----
group g { attach p }
user alice { groups g }
role r {
  path "/x/"
  trust service lambda
}
group h { attach p }
user bob {}
=>
group g { attach p }
user alice { groups g }

role r {
  path "/x/"
  trust service lambda
}

group h { attach p }
user bob {}
----
role r { path "/x/" max_session 4h

  tags{team="orders","cost center"="42",} }
=>
role r {
  path "/x/"
  max_session 4h

  tags { team = "orders", "cost center" = "42" }
}
----
policy p {

  allow s3:GetObject on *

}
=>
policy p { allow s3:GetObject on * }
----
account a 111122223333 { role r { trust service ec2 } }
=>
account a 111122223333 {
  role r { trust service ec2 }
}
----
guard g "no one"except a,b{never iam:* on * unless iam:PermissionsBoundary exists}
test "t" of r { always s3:GetObject on * given { aws:username="x" } }
organization o "o-abc1234567" { ou w "ou-ab12-11111111" {} }
=>
guard g "no one" except a, b { never iam:* on * unless iam:PermissionsBoundary exists }
test "t" of r { always s3:GetObject on * given { aws:username = "x" } }

organization o "o-abc1234567" {
  ou w "ou-ab12-11111111" {}
}
----
template t( ) { allow s3:GetObject on * }
template u(issuer: String, namespace: String, service_accounts: List[Pattern], name: String = "all") { use t() }
=>
template t() { allow s3:GetObject on * }

template u(
  issuer: String,
  namespace: String,
  service_accounts: List[Pattern],
  name: String = "all",
) {
  use t()
}
----
for x in xs if x!="a" { if x=="b" { use y(x) } else { if x=="c" { use z() } else { } } }
if a { use b() }
if a { use b() } else { use c() }
=>
for x in xs if x != "a" {
  if x == "b" {
    use y(x)
  } else if x == "c" {
    use z()
  }
}

if a { use b() }

if a {
  use b()
} else {
  use c()
}
"""

STATEMENTS = r"""
allow s3:GetObject as X unless b when a on r to p
=>
allow s3:GetObject to p on r when a unless b as X
----
allow  cloudformation:[CreateChangeSet, DescribeChangeSet, ExecuteChangeSet] on cloudformation:stack("app-*", "*")
=>
allow cloudformation:[CreateChangeSet, DescribeChangeSet, ExecuteChangeSet]
  on cloudformation:stack("app-*", "*")
----
allow ec2:[CreateNetworkInterface, DeleteNetworkInterface, DescribeNetworkInterfaces, DescribeSubnets, AssignPrivateIpAddresses] on * when a
=>
allow ec2:[
    CreateNetworkInterface, DeleteNetworkInterface, DescribeNetworkInterfaces, DescribeSubnets,
    AssignPrivateIpAddresses
  ] on * when a
----
allow ec2:[CreateNetworkInterface, DeleteNetworkInterface, DescribeNetworkInterfaces, DescribeSubnets, AssignPrivateIpAddresses] on ec2:network-interface("eni-11111111111111111") when aws:SecureTransport and aws:ViaAWSService
=>
allow ec2:[
    CreateNetworkInterface, DeleteNetworkInterface, DescribeNetworkInterfaces, DescribeSubnets,
    AssignPrivateIpAddresses
  ]
  on ec2:network-interface("eni-11111111111111111")
  when aws:SecureTransport and aws:ViaAWSService
----
allow s3:GetObject, s3:PutObject, s3:DeleteObject, s3:ListBucket, sqs:SendMessage, sqs:ReceiveMessage on *
=>
allow s3:GetObject, s3:PutObject, s3:DeleteObject, s3:ListBucket, sqs:SendMessage,
      sqs:ReceiveMessage
  on *
----
deny * except a4b:*, access-analyzer:*, account:*, acm:*, activate:*, artifact:*, budgets:*, ce:*, chatbot:* on *
=>
deny * except a4b:*, access-analyzer:*, account:*, acm:*, activate:*, artifact:*, budgets:*, ce:*,
              chatbot:*
  on *
----
allow s3:GetObject to account 111122223333, account 222233334444, arn:aws:iam::111122223333:role/path/a-role-with-a-longer-name on self
=>
allow s3:GetObject
  to account 111122223333,
     account 222233334444,
     arn:aws:iam::111122223333:role/path/a-role-with-a-longer-name
  on self
----
deny s3:* on * when aws:PrincipalOrgID == "o-abc1234567" and (aws:SourceVpce in ["vpce-1", "vpce-2"] or aws:ViaAWSService)
=>
deny s3:*
  on *
  when aws:PrincipalOrgID == "o-abc1234567"
    and (aws:SourceVpce in ["vpce-1", "vpce-2"] or aws:ViaAWSService)
----
deny s3:* on * unless aws:SourceVpce in ["vpce-11111111111111111", "vpce-22222222222222222", "vpce-33333333333333333"]
=>
deny s3:*
  on *
  unless aws:SourceVpce in [
    "vpce-11111111111111111",
    "vpce-22222222222222222",
    "vpce-33333333333333333",
  ]
----
deny s3:* on * unless (aws:PrincipalOrgID == "o-abc1234567" and aws:PrincipalTag/team == "a") or (aws:ViaAWSService and (aws:SourceVpce == "vpce-11111111111111111" or aws:SourceVpc == "vpc-11111111111111111"))
=>
deny s3:*
  on *
  unless (aws:PrincipalOrgID == "o-abc1234567" and aws:PrincipalTag/team == "a")
    or (
      aws:ViaAWSService
      and (aws:SourceVpce == "vpce-11111111111111111" or aws:SourceVpc == "vpc-11111111111111111")
    )
----
use oidc.github_branch(repos = ["acme/orders", "acme@123456/orders@456789"], branches = ["main", "release/*"])
=>
use oidc.github_branch(
  repos = ["acme/orders", "acme@123456/orders@456789"], branches = ["main", "release/*"]
)
----
use oidc.github_workflow(repos = ["acme/*", "acme@123456/*"], workflows = ["acme/security/.github/workflows/scan.yml@refs/heads/main"])
=>
use oidc.github_workflow(
  repos = ["acme/*", "acme@123456/*"],
  workflows = ["acme/security/.github/workflows/scan.yml@refs/heads/main"],
)
----
allow s3:GetObject on s3:object([ "a-bucket-with-a-long-name", "another-bucket-with-a-long-name", "and-one-more" ])
=>
allow s3:GetObject
  on s3:object(["a-bucket-with-a-long-name", "another-bucket-with-a-long-name", "and-one-more"])
----
trust service pods . eks
trust sts:[ @write ] to account *
allow k ("a\u{41}{{") . b , aws:x .y on x when x ? exists
=>
trust service pods.eks
trust sts:@write to account *
allow k("a\u{41}{{").b, aws:x .y on x when x? exists
----
attach orders-table, aws_managed("AWSLambdaBasicExecutionRole"), arn:aws:iam::111122223333:policy/audit
=>
attach orders-table,
       aws_managed("AWSLambdaBasicExecutionRole"),
       arn:aws:iam::111122223333:policy/audit
"""

VALUES = r"""
let a = [ "x" ,"y", ]
let b = [x.id for   x in xs if not x . test]
let c = {}
let d = {a=1,"b c"=[ ] }
let e = not ( a==b ) or any k? in[1,2]
let f = all([aws:PrincipalTag/{t} == v for t in xs])
=>
let a = ["x", "y"]
let b = [x.id for x in xs if not x.test]
let c = {}
let d = { a = 1, "b c" = [] }
let e = not (a == b) or any k? in [1, 2]
let f = all([aws:PrincipalTag/{t} == v for t in xs])
----
let audience = ["sts.amazonaws.com{ending}" for ending in ["", ".cn"] if (ending == ".cn") == (aws.partition == "aws-cn")]
=>
let audience = [
  "sts.amazonaws.com{ending}"
  for ending in ["", ".cn"]
  if (ending == ".cn") == (aws.partition == "aws-cn")
]
----
let actions = [iam:CreateVirtualMFADevice, iam:EnableMFADevice, iam:GetMFADevice, iam:GetUser, iam:ListMFADevices, ec2:[DescribeRegions, DescribeTransitGateways, DescribeVpnGateways, DescribeInstances, GetVpc*], sts:*]
=>
let actions = [
  iam:CreateVirtualMFADevice, iam:EnableMFADevice, iam:GetMFADevice, iam:GetUser,
  iam:ListMFADevices,
  ec2:[DescribeRegions, DescribeTransitGateways, DescribeVpnGateways, DescribeInstances, GetVpc*],
  sts:*
]
----
let arns = [arn:aws:iam::111122223333:role/first-role, arn:aws:iam::111122223333:role/second-role]
let more = [arn:aws:iam::111122223333:role/first-role, arn:aws:iam::111122223333:role/second-role, x]
=>
let arns = [arn:aws:iam::111122223333:role/first-role, arn:aws:iam::111122223333:role/second-role]

let more = [
  arn:aws:iam::111122223333:role/first-role,
  arn:aws:iam::111122223333:role/second-role,
  x,
]
----
let kind: "security" | "infrastructure" | "production" | "staging" | "development" | "sandbox" | "lab" = "lab"
=>
let kind: "security"
  | "infrastructure"
  | "production"
  | "staging"
  | "development"
  | "sandbox"
  | "lab" = "lab"
"""

COMMENTS = r"""
# of the file

# of the import
import std.mfa# why


## of x
let x = 1 # one
# below x

policy p { # of p
  # first
  allow s3:GetObject on * # reads

  # last
}   # behind p
# at the end
=>
# of the file

# of the import
import std.mfa  # why

## of x
let x = 1  # one
# below x

policy p {  # of p
  # first
  allow s3:GetObject on *  # reads

  # last
}  # behind p
# at the end
----
let x = [ # opens
  # above a
  "a" # a
  , # behind the comma
  # above b
  "b" # b
  # below b
]
=>
let x = [  # opens
  # above a
  "a",  # a
  # behind the comma
  # above b
  "b",  # b
  # below b
]
----
policy p {
  allow s3:[ # reads
      GetObject, ListBucket, # and
      # writes
      PutObject, DeleteObject
    ] # on what
    # here
    on a, # a
       b
    when c # c
      and d # d
}
=>
policy p {
  allow s3:[  # reads
      GetObject, ListBucket,  # and
      # writes
      PutObject, DeleteObject
    ]  # on what
    # here
    on a,  # a
       b
    when c  # c
      and d  # d
}
----
policy p {
  allow s3:GetObject when a # why
    on b
}
=>
policy p {
  allow s3:GetObject
    when a  # why
    on b
}
----
policy p # a
# b
{ # c
}
user u {
  # nothing
}
template t( # none
) { use x( # nor here
) }
=>
policy p {  # a
  # b
  # c
}

user u {
  # nothing
}

template t(  # none
) {
  use x(  # nor here
  )
}
----
template t(
  ## of a
  a: Int, # after a
  ## of b
  b: Int
) { use x() }
=>
template t(
  ## of a
  a: Int,  # after a
  ## of b
  b: Int,
) {
  use x()
}
----
let x = 1 ## of y
let y = 2
=>
let x = 1
## of y
let y = 2
----
policy p { ## of nothing

  allow s3:GetObject on * }
=>
policy p {  ## of nothing

  allow s3:GetObject on *
}
----
if a { use b() } # c
else # d
{ use e() }
if a { use b() } else { # f
  if c { use d() } }
if a { use b() } else { # g
}
=>
if a {
  use b()
}  # c
else {  # d
  use e()
}

if a {
  use b()
} else {  # f
  if c { use d() }
}

if a {
  use b()
} else {  # g
}
"""


def cases(text: str) -> list[tuple[str, str]]:
    """Return pairs of a source and its text."""
    pairs = [case.strip("\n").partition("\n=>\n") for case in text.split("\n----\n")]
    return [(f"{before}\n", f"{after or before}\n") for before, _, after in pairs]


@pytest.mark.parametrize(("text", "wanted"), [c for t in (TOP, VALUES, COMMENTS) for c in cases(t)])
def test_layout(text: str, wanted: str) -> None:
    """A source of any layout gets this one."""
    assert formatting.keeps_its_promises(text) == wanted


@pytest.mark.parametrize(("text", "wanted"), cases(STATEMENTS))
def test_statement(text: str, wanted: str) -> None:
    """A sentence is one line, or a clause a line; each is tried in a block of two members."""
    got = formatting.keeps_its_promises(f"policy p {{\n{text}  path x\n}}\n")
    assert got is not None
    lines = got.splitlines()[1:-2]
    assert "".join(f"{line.removeprefix('  ')}\n" for line in lines) == wanted
