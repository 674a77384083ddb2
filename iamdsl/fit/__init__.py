"""Make it fit."""
