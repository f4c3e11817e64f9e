"""Executors of lazy programs."""
