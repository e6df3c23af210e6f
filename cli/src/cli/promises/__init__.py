"""The promises of docs/policy.md, and whether their tests passed at this commit."""
