"""Builds the site's shell (page, style sheet and script) from `site/`, and publishes it."""
