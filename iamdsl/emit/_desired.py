"""A place as plain JSON data: what is to be in an account, for what converges it.

```
{"version": 1, "project": "acme", "account": "111122223333" or null, "partition": "aws" or null,
 "region": "eu-west-1" or null,
 "externs": [{"name", "type", "pattern", "options": [], "longest", "doc"}],
 "policies": [{"name", "path", "description": null, "tags": {}, "document": {}}],
 "roles":  [{"name", "path", "description", "max_session": null, "trust": {}, "boundary": null,
             "tags": {}, "inline": {name: document}, "managed": [], "instance_profile": null}],
 "users":  [{"name", "path", "boundary", "tags", "inline", "managed", "groups": []}],
 "groups": [{"name", "path", "inline", "managed"}],
 "resources": [{"name", "service", "target", "document", "marked": bool, "call": {}}],
 "organization": {"policies": [{"name", "type", "description", "tags", "document"}],
                  "targets": [{"kind", "name", "id", "policies": []}]},
 "permission_sets": [{"name", "description", "session", "boundary", "tags", "inline": null,
                      "managed": []}],
 "order": {"role worker": ["reader", ""]}}
```
Policies are named by their name where they are ours, else by their ARN (which begins `arn:`).
Texts still hold marks; the runtime fills them in once the values were checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from iamdsl.emit._places import Place
    from iamdsl.emit._targets import Data, Facts


def desired(place: Place, facts: Facts) -> Data:
    """Return what is to be in a place."""
    raise NotImplementedError
