"""What the tool has to say: diagnostics, the report that gathers them, and their codes.

A `Diagnostic` is plain data, built where the mistake is found and rendered elsewhere
(`render/`). A pass never raises for a user's mistake: it adds to the `Report` and goes on.
"""

from __future__ import annotations

from iamdsl.diagnostics import codes
from iamdsl.diagnostics._core import Code, Diagnostic, Edit, Fix, Label, Report, Severity, Way

__all__ = ["Code", "Diagnostic", "Edit", "Fix", "Label", "Report", "Severity", "Way", "codes"]
