"""Use cases: plain functions `verb_noun(tx, actor, …)` that check, apply a rule, change rows and announce facts.

They never commit: the writer does, and tells the facts afterwards. Only the writer calls them.
"""
