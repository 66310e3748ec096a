"""The site's shell: its page, style sheet and script, from the files in `site/` to the bucket."""
