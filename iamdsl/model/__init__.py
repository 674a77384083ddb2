"""What the author meant: names bound, types known."""
