"""Existing or planned groups compared with the port catalogue: missing flows, unexpected rules, guardrail violations."""
