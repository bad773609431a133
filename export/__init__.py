"""Exports of trained lifters."""
