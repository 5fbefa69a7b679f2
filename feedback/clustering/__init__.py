"""Themes from ideas: the only part of the house that loads scikit-learn. Its one door is `pipeline.find_themes`."""
