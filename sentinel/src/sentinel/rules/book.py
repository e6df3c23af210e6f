"""All rules, in the order of their numbers."""

from sentinel.rules import agent_action, authority, delimiter, folder_steering, override, prompt_leak, role_play
from sentinel.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    *override.RULES,
    *role_play.RULES,
    *prompt_leak.RULES,
    *delimiter.RULES,
    *folder_steering.RULES,
    *agent_action.RULES,
    *authority.RULES,
)
