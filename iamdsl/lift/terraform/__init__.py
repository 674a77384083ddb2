"""Terraform: what it holds (`state`) and what is written for it (`hcl`), to estates.

```
 JSON of a state or plan ──state──┐
                                  ├──▶ resources (values, places) ──gather──▶ Estate
 .tf files ──blocks──evaluate─────┘
```

Values are those of Terraform with `Open` for what cannot be known; marks in texts are those of
`lift.estate`. What resources mean is documented by the provider, at
https://registry.terraform.io/providers/hashicorp/aws/latest/docs.
"""
