variable "github_org" {
  description = "The organization whose repositories deploy"
  type        = string

  validation {
    condition     = can(regex("^[a-z-]+$", var.github_org))
    error_message = "Lower case only."
  }
}

variable "state_bucket" {
  type    = string
  default = "acme-terraform-state"
}

variable "tooling_account_id" {
  type = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.tooling_account_id))
    error_message = "An account id has 12 digits."
  }
}
